"""Distances in a task graph: how much work must still follow, and the longest path of all."""

from __future__ import annotations

from ramiel.scheduling.task_graph import MessageCost, TaskGraph


def distances_to_end(graph: TaskGraph, message: MessageCost | None = None) -> list[int]:
    """For each task the cost of the dearest path from it to an end, its own cost included (ns).

    With `message`, each edge on the path costs a message too.
    """
    distance = list(graph.costs)
    if message is not None:
        for task in reversed(graph.order):
            edges = zip(graph.successors[task], graph.sent_bytes[task], strict=True)
            distance[task] += max((message.of(n) + distance[r] for r, n in edges), default=0)
        return distance
    for task in reversed(graph.order):
        distance[task] += max((distance[reader] for reader in graph.successors[task]), default=0)
    return distance


def critical_path(graph: TaskGraph) -> list[int]:
    """A path of the largest total cost; of several, the one whose task numbers are smallest."""
    if not len(graph):
        return []
    distance = distances_to_end(graph)
    task = distance.index(max(distance))
    path = [task]
    while graph.successors[task]:
        task = max(graph.successors[task], key=lambda reader: (distance[reader], -reader))
        path.append(task)
    return path


def critical_path_length(graph: TaskGraph) -> int:
    """The cost of the critical path, in ns: no schedule without wider tasks is shorter."""
    return max(distances_to_end(graph), default=0)
