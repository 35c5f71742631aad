"""The order of the tasks inside each cluster."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.simulator import Timeline
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph, cluster_of_each


def order_by_priority(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost | None = None,
    priority: Sequence[int] | None = None,
) -> Clusters:
    """List scheduling with the clusters given: critical path first.  See `order_and_time`."""
    return order_and_time(graph, clusters, message, priority)[0]


def order_and_time(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost | None = None,
    priority: Sequence[int] | None = None,
) -> tuple[Clusters, int]:
    """The ordered clusters, and the makespan that a simulation of them would have.

    Whenever a worker is free it starts, of the tasks whose data have arrived, the one with the
    largest distance to the end (or `priority`, computed once for many calls).  All clusters
    follow the one clock of the simulation, so the orders are parts of one topological order and
    cannot deadlock.  O((tasks + edges) · log tasks).
    """
    message = message or MessageCost()
    priority = priority or distances_to_end(graph)
    owner = cluster_of_each(graph, clusters)
    missing = [len(sources) for sources in graph.predecessors]
    arrival = [0] * len(graph)
    ready: Clusters = [[] for _ in clusters]  # numbers of `ranked`, as heaps
    ordered: Clusters = [[] for _ in clusters]
    free_at = [0] * len(clusters)
    ranked = sorted(range(len(graph)), key=lambda task: (-priority[task], task))
    rank = [0] * len(graph)
    for position, task in enumerate(ranked):
        rank[task] = position
    # Events: (time, rank of the task that arrives) and (time, -1 - worker that becomes free).
    events = [(0, rank[task]) for task in graph.order if missing[task] == 0]
    events.sort()
    while events:
        now = events[0][0]
        touched: list[int] = []
        while events and events[0][0] == now:
            _, event = heappop(events)
            if event >= 0:
                heappush(ready[owner[ranked[event]]], event)
            touched.append(owner[ranked[event]] if event >= 0 else -1 - event)
        for worker in sorted(set(touched)):
            if free_at[worker] > now or not ready[worker]:
                continue
            task = ranked[heappop(ready[worker])]
            ordered[worker].append(task)
            free_at[worker] = end = now + graph.costs[task]
            heappush(events, (end, -1 - worker))
            for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True):
                here = owner[reader] == worker
                arrival[reader] = max(arrival[reader], end + (0 if here else message.of(size)))
                missing[reader] -= 1
                if missing[reader] == 0:
                    heappush(events, (arrival[reader], rank[reader]))
    return ordered, max(free_at, default=0)


def order_by_time(
    graph: TaskGraph, clusters: Sequence[Sequence[int]], timeline: Timeline
) -> Clusters:
    """Sort each cluster by the times of a timeline.

    (start, end, position in a topological order) is itself a topological order: a task that
    reads another starts no earlier than that one ends.
    """
    position = [0] * len(graph)
    for index, task in enumerate(tasks_by_time(graph, timeline)):
        position[task] = index
    return [sorted(tasks, key=position.__getitem__) for tasks in clusters]


def tasks_by_time(graph: TaskGraph, timeline: Timeline) -> list[int]:
    """All tasks in that order."""
    # Sorting is stable, so equal times keep the topological order.
    return sorted(graph.order, key=lambda task: (timeline.start[task], timeline.end[task]))
