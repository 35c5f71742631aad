"""How late tasks may start: a timeline in which clusters take no longer than they must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ramiel.scheduling.ordering import tasks_by_time
from ramiel.scheduling.simulator import Timeline
from ramiel.scheduling.task_graph import MessageCost, TaskGraph, cluster_of_each


def start_late(
    graph: TaskGraph, clusters: Sequence[Sequence[int]], timeline: Timeline, message: MessageCost
) -> Timeline:
    """The timeline with each task as late as it delays nobody; last tasks of clusters stay.

    Without this a cheap task that could run at once, such as one that only reads weights, would
    make the span of its cluster begin at 0.  The clusters must be ordered by the timeline.
    """
    owner = cluster_of_each(graph, clusters)
    start = list(timeline.start)
    lengths = [end - begun for begun, end in zip(start, timeline.end, strict=True)]
    following = [-1] * len(graph)
    for tasks in clusters:
        for task, then in pairwise(tasks):
            following[task] = then
    for task in reversed(tasks_by_time(graph, timeline)):
        if following[task] == -1:
            continue
        latest = start[following[task]]
        for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True):
            travel = 0 if owner[reader] == owner[task] else message.of(size)
            latest = min(latest, start[reader] - travel)
        start[task] = max(start[task], latest - lengths[task])
    end = [begun + length for begun, length in zip(start, lengths, strict=True)]
    spans = [(start[tasks[0]], end[tasks[-1]]) if tasks else (0, 0) for tasks in clusters]
    return replace(timeline, start=start, end=end, spans=spans)
