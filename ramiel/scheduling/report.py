"""What is said about a schedule: how long, how close to the bound, and whether it pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ramiel.scheduling.critical_path import critical_path_length
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.moldable import wide_time
from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

LEAST_GAIN = 1.02
"""Predicted speed-up over the best serial run below which parallelism does not pay."""
LEAST_GAIN_OVER_WIDE = 1.3
"""The same where that run has all cores in each operator.  Measured, side by side took up to
a quarter longer than predicted beside it: cores that run different operators share no weights, and
one that is taken away holds up the others."""


@dataclass(frozen=True)
class ScheduleReport:
    """Figures of a schedule on a number of workers; times in ns.

    Attributes:
        workers: how many there are; the schedule may use fewer.
        nodes, total_cost_ns, critical_path_ns: of the graph, each task on one core.
        best_serial_width: the cores of the best serial run.
        best_serial_ns: all tasks one after the other, at the best of the widths up to `workers`.
        clusters: linear clusters, before any merging.
        merged_clusters: clusters of the schedule.
        messages, message_bytes: what goes between them.
        makespan_ns: by simulation.
        bound_ns: no schedule is shorter.

    """

    workers: int
    nodes: int
    total_cost_ns: int
    critical_path_ns: int
    best_serial_width: int
    best_serial_ns: int
    clusters: int
    merged_clusters: int
    messages: int
    message_bytes: int
    makespan_ns: int
    bound_ns: int

    @property
    def gap_percent(self) -> float:
        """How far the makespan is above the bound."""
        return 100 * (self.makespan_ns / self.bound_ns - 1) if self.bound_ns else 0.0

    @property
    def speedup(self) -> float:
        """Over all tasks one after the other on one core."""
        return self.total_cost_ns / self.makespan_ns if self.makespan_ns else 1.0

    @property
    def gain(self) -> float:
        """Over the best serial run, operators that use several cores included."""
        return self.best_serial_ns / self.makespan_ns if self.makespan_ns else 1.0

    @property
    def pays(self) -> bool:
        """Whether the schedule is parallel and predicted to be faster than any serial run."""
        least = LEAST_GAIN if self.best_serial_width == 1 else LEAST_GAIN_OVER_WIDE
        return self.merged_clusters > 1 and self.gain >= least

    def reason(self) -> str:
        """Why parallelism gains little, in a few words."""
        if self.workers == 1:
            return "one worker was asked for"
        if self.critical_path_ns == self.total_cost_ns:
            return "the model is a chain"
        if self.best_serial_width > 1 and self.gain >= LEAST_GAIN:
            return "operators on all cores, one after the other, are nearly as fast"
        if self.best_serial_ns < self.total_cost_ns and self.speedup >= LEAST_GAIN:
            return "operators on all cores, one after the other, are as fast"
        share = self.critical_path_ns / self.total_cost_ns
        if share >= 0.85:
            return f"the critical path is {share:.0%} of the work"
        return "messages would cost more than what runs side by side saves"

    def figures(self) -> str:
        """Predicted, bound and gap: `predicted 7.31 ms, bound 6.85 ms, gap 6.6 %`."""
        predicted, bound = self.makespan_ns / 1e6, self.bound_ns / 1e6
        return f"predicted {predicted:.3g} ms, bound {bound:.3g} ms, gap {self.gap_percent:.1f} %"


def best_serial(graph: TaskGraph, cores: int) -> int:
    """The ns of all tasks one after the other at one width, the best one up to `cores`.

    One width for all: a serial run keeps its number of threads.  A task without a cost at a width
    counts with that of the widest below it.
    """
    return wide_time(graph, graph.order, best_serial_width(graph, cores))


def best_serial_width(graph: TaskGraph, cores: int) -> int:
    """The width of the best serial run."""
    widths = range(1, cores + 1)
    return min(widths, key=lambda width: wide_time(graph, graph.order, width))


def report_schedule(
    graph: TaskGraph,
    clusters: Clusters,
    message: MessageCost,
    workers: int,
    machine: Machine | None = None,
    widths: Sequence[int] | None = None,
) -> ScheduleReport:
    """Simulate a schedule, on a machine if one is given, and compare it.

    Raises ValueError for less than one worker.
    """
    timeline = simulate(graph, clusters, message, machine, widths)
    start = machine.call(1) if machine is not None else 0
    return ScheduleReport(
        workers=workers,
        nodes=len(graph),
        total_cost_ns=sum(graph.costs),
        critical_path_ns=critical_path_length(graph),
        best_serial_width=best_serial_width(graph, workers),
        best_serial_ns=start + best_serial(graph, workers),
        clusters=len(linear_clusters(graph)),
        merged_clusters=len(clusters),
        messages=timeline.messages,
        message_bytes=timeline.message_bytes,
        makespan_ns=timeline.makespan,
        bound_ns=makespan_bound(graph, workers),
    )
