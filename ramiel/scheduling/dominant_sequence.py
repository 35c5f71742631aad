"""Dominant sequence clustering: no message on the longest path, where that can be had."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph


def dominant_sequence_clusters(
    graph: TaskGraph, message: MessageCost, machine: Machine | None = None
) -> Clusters:
    """Clusters, their number not bounded, each in the order in which its tasks start.

    DSC (Yang and Gerasoulis, "DSC: Scheduling Parallel Tasks on an Unbounded Number of
    Processors", IEEE TPDS 5(9), 1994).  The priority of a task is the longest path through it,
    messages between clusters included.  Of the tasks whose predecessors all have clusters, the one
    with the highest priority goes to the end of the predecessor's cluster where it starts first,
    if that is no later than in a cluster of its own.  Predecessors are not moved to it, which the
    paper's step for several of them would do.  On a machine a task takes longer in a cluster of
    its own, as long as the predecessors' are busy, and what these lose by it counts as well.
    O((tasks + edges) · log tasks).
    """
    to_end = distances_to_end(graph, message)
    earliest = [0] * len(graph)  # with a message on every edge from a task that has a cluster
    missing = [len(sources) for sources in graph.predecessors]
    end = [0] * len(graph)
    owner = [-1] * len(graph)
    free_at: list[int] = []
    clusters: Clusters = []
    free = [(-to_end[task], task) for task in graph.order if missing[task] == 0]
    heapify(free)
    while free:
        _, task = heappop(free)
        near = dict.fromkeys(owner[source] for source in graph.predecessors[task])
        cost, lost, cluster = graph.costs[task], 0, len(clusters)
        if machine is not None:
            cost, lost = machine.beside(earliest[task], cost, (free_at[c] for c in near))
        finish = earliest[task] + cost
        for candidate in near:
            begin = _start_on(graph, task, candidate, owner, end, message)
            ended = max(begin, free_at[candidate]) + graph.costs[task]
            if ended < finish + lost or (ended == finish + lost and cluster == len(clusters)):
                finish, lost, cluster = ended, 0, candidate
        if cluster == len(clusters):
            clusters.append([])
            free_at.append(0)
        clusters[cluster].append(task)
        owner[task] = cluster
        free_at[cluster] = end[task] = finish
        for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True):
            earliest[reader] = max(earliest[reader], end[task] + message.of(size))
            missing[reader] -= 1
            if missing[reader] == 0:
                heappush(free, (-earliest[reader] - to_end[reader], reader))
    return clusters


def _start_on(
    graph: TaskGraph,
    task: int,
    cluster: int,
    owner: list[int],
    end: list[int],
    message: MessageCost,
) -> int:
    """When the data of a task are in a cluster."""
    return max(
        end[source] + (0 if owner[source] == cluster else message.of(size))
        for source, size in zip(graph.predecessors[task], graph.received_bytes[task], strict=True)
    )
