"""The clustering algorithms by name: what `cluster{algorithm=…}` chooses from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ramiel.scheduling.dominant_sequence import dominant_sequence_clusters
from ramiel.scheduling.linear_clustering import keep_together, linear_clusters
from ramiel.scheduling.list_scheduling import list_schedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.moldable import Scheduler, moldable
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.portfolio import portfolio
from ramiel.scheduling.refinement import TRIAL_TASKS
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

Algorithm: TypeAlias = Callable[[TaskGraph, MessageCost, int | None, Machine | None], Clusters]
"""Puts each task into one ordered cluster; at most so many of them, None for any number.

The machine says how much busy cores slow each other down."""


def linear(
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    machine: Machine | None = None,
) -> Clusters:
    """Linear clusters; merged if there may be only so many."""
    return _merged(graph, linear_clusters(graph), message, workers, machine)


def dsc(
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    machine: Machine | None = None,
) -> Clusters:
    """Dominant sequence clusters; merged if there may be only so many."""
    clusters = dominant_sequence_clusters(graph, message, machine)
    return _merged(graph, clusters, message, workers, machine)


def _merged(
    graph: TaskGraph,
    clusters: Clusters,
    message: MessageCost,
    workers: int | None,
    machine: Machine | None,
) -> Clusters:
    ordered = order_by_priority(graph, clusters, message)
    if workers is None:
        return ordered
    return merge_clusters(graph, ordered, message, workers, machine)


def _list(
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    machine: Machine | None = None,
) -> Clusters:
    """A list schedule; on a machine with or without its slow-down, whichever takes less there."""
    plain = list_schedule(graph, message, workers)
    if machine is None:
        return plain
    aware = list_schedule(graph, message, workers, machine=machine)

    def judge(clusters: Clusters) -> tuple[int, int]:
        return simulate(graph, clusters, message, machine).makespan, len(clusters)

    return min(plain, aware, key=judge)


ALGORITHMS: dict[str, Algorithm] = {
    "linear": linear,
    "dsc": dsc,
    "list": _list,
    "portfolio": portfolio,
}


MOLDABLE = "moldable"
"""The schedule whose clusters differ in width: see `ramiel.scheduling.moldable`."""
NAMES = (*ALGORITHMS, MOLDABLE)


def find_algorithm(name: str) -> Algorithm:
    """The algorithm of a name.  Raises ValueError that lists the names there are."""
    if name not in ALGORITHMS:
        raise ValueError(f"there is no algorithm {name!r}, only {', '.join(sorted(NAMES))}")
    return ALGORITHMS[name]


def schedule_widths(
    name: str,
    graph: TaskGraph,
    message: MessageCost,
    cores: int,
    together: Sequence[list[int]] = (),
    machine: Machine | None = None,
) -> tuple[Clusters, list[int]]:
    """The clusters of an algorithm or of a moldable schedule, and how wide each is.

    What must share a cluster keeps a moldable schedule narrow.  Raises ValueError as `schedule`.
    """
    if name == MOLDABLE and not any(len(group) > 1 for group in together):
        if machine is not None:  # a call starts and ends once, not in each stretch
            machine = replace(machine, call_ns=0, serial_call_ns=0)
        found = moldable(graph, message, cores, _lanes(len(graph)), machine)
        return found.clusters, found.widths
    narrow = "portfolio" if name == MOLDABLE else name
    clusters = schedule(narrow, graph, message, cores, together, machine)
    return clusters, [1] * len(clusters)


def _lanes(tasks: int) -> Scheduler:
    """The portfolio for stretches of a graph of so many tasks, which share its budget of trials."""

    def share(
        graph: TaskGraph,
        message: MessageCost,
        workers: int | None = None,
        *,
        machine: Machine | None = None,
    ) -> Clusters:
        budget = min(TRIAL_TASKS, 2 * TRIAL_TASKS * len(graph) // max(tasks, 1))
        return portfolio(graph, message, workers, machine, budget)

    return share


def schedule(
    name: str,
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    together: Sequence[list[int]] = (),
    machine: Machine | None = None,
) -> Clusters:
    """The ordered clusters of an algorithm; the tasks of each list in `together` share one.

    Raises ValueError for an unknown algorithm and for less than one worker.
    """
    clusters = find_algorithm(name)(graph, message, workers, machine)
    if not any(len(group) > 1 for group in together):
        return clusters
    for group in together:
        clusters = keep_together(clusters, group)
    return order_by_priority(graph, clusters, message)
