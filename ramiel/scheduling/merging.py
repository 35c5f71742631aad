"""Merging: clusters that cannot run at the same time share a worker.

After Das and Rauchwerger (arXiv 2308.11192), with the spans taken from a simulation, which makes
the merging safe; and merging down to a given number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush, heapreplace

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.ordering import order_by_priority, order_by_time
from ramiel.scheduling.simulator import Timeline, simulate
from ramiel.scheduling.slack import start_late
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph, cluster_of_each

TRIAL_TASKS = 300_000
"""Tasks that forced merging may simulate in all: a few seconds."""


def merge_clusters(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost | None = None,
    max_clusters: int | None = None,
    machine: Machine | None = None,
) -> Clusters:
    """Merge clusters, given with their orders; returns them ordered, by first start.

    Without `max_clusters` the simulated makespan never gets longer, on a machine if one is given.
    With it there are at most that many clusters, however long that takes.  Raises ValueError if
    that is less than one.
    """
    if max_clusters is not None and max_clusters < 1:
        raise ValueError(f"there must be at least one cluster, not {max_clusters}")
    message = message or MessageCost()
    merged = merge_disjoint(graph, clusters, message, machine)
    if max_clusters is not None and len(merged) > max_clusters:
        merged = merge_down(graph, merged, message, max_clusters, machine)
    return by_first_start(merged, simulate(graph, merged, message, machine))


def by_first_start(clusters: Clusters, timeline: Timeline) -> Clusters:
    """The clusters that have tasks, in the order in which they start; the busiest first."""

    def key(tasks: Sequence[int]) -> tuple[int, int, int]:
        busy = sum(timeline.end[task] - timeline.start[task] for task in tasks)
        return timeline.start[tasks[0]], -busy, tasks[0]

    return sorted((tasks for tasks in clusters if tasks), key=key)


def merge_disjoint(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost,
    machine: Machine | None = None,
) -> Clusters:
    """Merge clusters whose spans do not overlap, until no two are left.

    If workers do their tasks in the order of a timeline and two clusters never overlap in it,
    then one worker can do both at the very same times.  So the makespan cannot grow, and may
    fall, since messages between the two are saved; then spans are shorter, and it goes on.
    The timeline is the simulated one with the starts as late as they delay nobody.

    On a machine each cluster has a core of its own in that timeline, and busy cores slow each
    other down.  There what one worker saves may hold up another, so clusters are merged as long
    as the makespan, with the cores that there are, does not grow.
    """
    apart = None if machine is None else replace(machine, cores=None)

    def timed(trial: Clusters) -> tuple[Timeline, int]:
        timeline = simulate(graph, trial, message, apart)
        real = timeline if machine is None else simulate(graph, trial, message, machine)
        return timeline, real.makespan

    current: Clusters = [list(tasks) for tasks in clusters if tasks]
    timeline, makespan = timed(current)
    while True:
        ordered = order_by_time(graph, current, timeline)
        late = start_late(graph, ordered, timeline, message)
        groups = _share_workers(graph, ordered, late, message)
        if len(groups) == len(current):
            return current
        joined = [[task for index in group for task in ordered[index]] for group in groups]
        by_time = order_by_time(graph, joined, late)
        urgent_first = order_by_priority(graph, joined, message)
        trials = [(*timed(trial), trial) for trial in (by_time, urgent_first)]
        best = min(trials, key=lambda trial: trial[1])
        if best[1] > makespan:
            return current
        timeline, makespan, current = best


def _share_workers(
    graph: TaskGraph, clusters: Clusters, timeline: Timeline, message: MessageCost
) -> Clusters:
    """For each worker the numbers of the clusters that it can run one after the other.

    Interval colouring, which needs the fewest workers for the spans: from the earliest start on,
    each cluster takes a free worker: the one that saves it the most messages, else any.
    """
    owner = cluster_of_each(graph, clusters)
    worker_of: dict[int, int] = {}
    workers: Clusters = []
    free_from: list[int] = []
    idle: list[tuple[int, int]] = []  # (free from, worker), with outdated entries
    for index in sorted(range(len(clusters)), key=lambda index: (*timeline.spans[index], index)):
        start, end = timeline.spans[index]
        savings: dict[int, int] = {}
        for task in clusters[index]:
            for source, size in zip(
                graph.predecessors[task], graph.received_bytes[task], strict=True
            ):
                worker = worker_of.get(owner[source])
                if worker is not None and free_from[worker] <= start:
                    savings[worker] = savings.get(worker, 0) + message.of(size)
        while idle and idle[0][0] != free_from[idle[0][1]]:
            heappop(idle)
        if savings:
            chosen = max(savings, key=lambda worker: (savings[worker], -worker))
        elif idle and idle[0][0] <= start:
            chosen = idle[0][1]
        else:
            chosen = len(workers)
            workers.append([])
            free_from.append(0)
        workers[chosen].append(index)
        worker_of[index] = chosen
        free_from[chosen] = end
        heappush(idle, (end, chosen))
    return workers


def merge_down(
    graph: TaskGraph,
    clusters: Clusters,
    message: MessageCost,
    max_clusters: int,
    machine: Machine | None = None,
) -> Clusters:
    """Merge down to `max_clusters`, also clusters that could run at the same time.

    The cluster with the least work joins the one with which the simulated makespan is shortest,
    then the next.  On graphs too large to try every partner, the clusters are shared out by their
    work alone (longest first), which balances the load.
    """
    surplus = len(clusters) - max_clusters
    if surplus * len(clusters) * len(graph) > 2 * TRIAL_TASKS:
        return order_by_priority(graph, _share_out(graph, clusters, max_clusters), message)
    priority = distances_to_end(graph)

    def makespan(trial: Clusters) -> int:
        return simulate(graph, trial, message, machine).makespan

    while len(clusters) > max_clusters:
        smallest, *others = sorted(clusters, key=lambda tasks: _work(graph, tasks))
        trials: list[Clusters] = []
        for partner in others:
            kept = [tasks for tasks in others if tasks is not partner]
            joined = [*kept, [*partner, *smallest]]
            trials.append(order_by_priority(graph, joined, message, priority))
        clusters = min(trials, key=makespan)
    return clusters


def _work(graph: TaskGraph, tasks: Sequence[int]) -> int:
    return sum(graph.costs[task] for task in tasks)


def _share_out(graph: TaskGraph, clusters: Clusters, workers: int) -> Clusters:
    """Give the clusters, those with the most work first, each to the worker with the least."""
    shares: Clusters = [[] for _ in range(workers)]
    loads = [(0, worker) for worker in range(workers)]
    heapify(loads)
    for tasks in sorted(clusters, key=lambda tasks: -_work(graph, tasks)):
        load, worker = loads[0]
        shares[worker] += tasks
        heapreplace(loads, (load + _work(graph, tasks), worker))
    return shares
