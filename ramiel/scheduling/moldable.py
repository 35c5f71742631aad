"""Wide where the graph is a chain, side by side where it branches: a width for each stretch.

A stretch ends with a cut: a task whose result is all that later tasks read of earlier ones.  Each
stretch runs either on one worker that uses all cores inside its operators, or on several workers of
one core each; neighbouring stretches of one kind are scheduled together.  The model of moldable
tasks is that of Turek, Wolf and Yu (SPAA 1992), with two widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from ramiel.scheduling.machine import Machine
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

LEAST_GAIN = 1.05
"""By how much changes of width must pay: caches and threads are colder after each."""


class Scheduler(Protocol):
    """Makes clusters of tasks, at most so many, for workers of one core on a machine."""

    def __call__(
        self,
        graph: TaskGraph,
        message: MessageCost,
        workers: int | None = None,
        *,
        machine: Machine | None = None,
    ) -> Clusters:
        """The clusters, each in its order."""
        ...


@dataclass(frozen=True)
class MoldableSchedule:
    """Clusters, and the cores that the operators of each use.

    Attributes:
        clusters: the first is wide, if any is; the others have one core each.
        widths: of each cluster.
        makespan: the predicted time in ns.

    """

    clusters: Clusters
    widths: list[int]
    makespan: int


@dataclass(frozen=True)
class _Lanes:
    """Schedules stretches side by side, on workers of one core each."""

    graph: TaskGraph
    message: MessageCost
    cores: int
    scheduler: Scheduler
    machine: Machine | None
    found: dict[tuple[int, ...], tuple[Clusters, int]] = field(
        default_factory=dict[tuple[int, ...], tuple[Clusters, int]]
    )

    def __call__(self, tasks: list[int]) -> tuple[Clusters, int]:
        """The clusters of some tasks, and the ns that they take."""
        key = tuple(tasks)
        if key not in self.found:
            self.found[key] = self._side_by_side(tasks)
        return self.found[key]

    def _side_by_side(self, tasks: list[int]) -> tuple[Clusters, int]:
        graph = self.graph
        number = {task: index for index, task in enumerate(tasks)}
        edges = [
            (number[task], number[reader], size)
            for task in tasks
            for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True)
            if reader in number
        ]
        part = TaskGraph([graph.costs[task] for task in tasks], edges)
        if len(tasks) == 1:
            return [tasks], part.costs[0]
        clusters = self.scheduler(part, self.message, self.cores, machine=self.machine)
        time = simulate(part, clusters, self.message, self.machine).makespan
        return [[tasks[i] for i in cluster] for cluster in clusters], time


def moldable(
    graph: TaskGraph,
    message: MessageCost,
    cores: int,
    scheduler: Scheduler,
    machine: Machine | None = None,
) -> MoldableSchedule:
    """The best of all stretches wide, all side by side, and a width for each.

    `scheduler` makes the clusters of what runs side by side.  On a machine the busy cores of those
    slow each other down; what a wide operation takes was measured with all its cores busy.  It is
    one whose call costs nothing, since that starts and ends once, not in each stretch.  Where
    nothing is wide, messages may cost less there.  Raises ValueError for less than one core.
    """
    if cores < 1:
        raise ValueError(f"a schedule needs at least one core, not {cores}")
    parts = stretches(graph)
    lanes = only_lanes = _Lanes(graph, message, cores, scheduler, machine)
    if machine is not None and machine.of_lanes() != machine and message == machine.message:
        alone = machine.of_lanes()
        only_lanes = _Lanes(graph, alone.message, cores, scheduler, alone)
    choices = [[True] * len(parts), [False] * len(parts), _kinds(lanes, parts)]
    schedules = [_schedule(lanes if any(kinds) else only_lanes, parts, kinds) for kinds in choices]
    *alike, mixed = schedules
    # Of those that take as long, the one with fewer clusters.
    best = min(alike, key=lambda schedule: (schedule.makespan, len(schedule.clusters)))
    return mixed if mixed.makespan * LEAST_GAIN < best.makespan else best


def stretches(graph: TaskGraph) -> list[list[int]]:
    """The tasks in order, parted behind each cut.

    So that nothing can run beside what uses all cores, a task without predecessors is no part of a
    later stretch than the first, and one without readers no part of an earlier one than the last.
    """
    position = {task: index for index, task in enumerate(graph.order)}
    read_until = [
        max((position[reader] for reader in graph.successors[task]), default=len(graph))
        for task in range(len(graph))
    ]
    sources = [index for index, task in enumerate(graph.order) if not graph.predecessors[task]]
    last_source = max(sources, default=-1)
    parts: list[list[int]] = [[]]
    open_until = last_source  # the last task that needs something from before this one
    for index, task in enumerate(graph.order):
        parts[-1].append(task)
        if open_until <= index and index < read_until[task] < len(graph):
            parts.append([])
        open_until = max(open_until, read_until[task])
    return parts


def wide_time(graph: TaskGraph, tasks: Sequence[int], width: int) -> int:
    """The ns of tasks one after the other, on that many cores."""
    costs = (graph.costs_per_width[task] for task in tasks)
    return sum(widths[min(width, len(widths)) - 1] for widths in costs)


def _kinds(lanes: _Lanes, parts: Sequence[list[int]]) -> list[bool]:
    """For each stretch whether it is wide: the least time in all, a message at each change."""
    change = lanes.message.latency_ns
    wide, narrow = 0, 0
    chosen: list[tuple[bool, bool]] = []  # before a wide stretch, before a narrow one
    for tasks in parts:
        chosen.append((wide <= narrow + change, narrow > wide + change))
        before_wide, before_narrow = min(wide, narrow + change), min(narrow, wide + change)
        wide = before_wide + wide_time(lanes.graph, tasks, lanes.cores)
        narrow = before_narrow + lanes(tasks)[1]
    kinds: list[bool] = []
    kind = wide <= narrow
    for before in reversed(chosen):
        kinds.append(kind)
        kind = before[0] if kind else before[1]
    return kinds[::-1]


def _schedule(lanes: _Lanes, parts: Sequence[list[int]], kinds: Sequence[bool]) -> MoldableSchedule:
    """Neighbouring stretches of one kind together, one after the other."""
    wide: list[int] = []
    narrow: Clusters = []
    makespan = -lanes.message.latency_ns
    for is_wide, group in groupby(zip(kinds, parts, strict=True), lambda pair: pair[0]):
        tasks = [task for _, part in group for task in part]
        makespan += lanes.message.latency_ns
        if is_wide:
            wide += tasks
            makespan += wide_time(lanes.graph, tasks, lanes.cores)
            continue
        clusters, time = lanes(tasks)
        makespan += time
        narrow += [[] for _ in range(len(clusters) - len(narrow))]
        for lane, more in zip(narrow, clusters, strict=False):
            lane += more
    clusters = [wide, *narrow] if wide else narrow
    widths = [lanes.cores, *[1] * len(narrow)] if wide else [1] * len(narrow)
    return MoldableSchedule(clusters, widths, max(makespan, 0))
