"""List scheduling: the most urgent task first, on the worker where it ends first."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

GAPS_KEPT = 64
"""Gaps that a worker remembers: what is long past is seldom filled, and searching costs time."""
FOREVER = 1 << 62


class Calendar:
    """When one worker is free: the gaps between its tasks, and the time after the last."""

    def __init__(self) -> None:
        self.starts = [0]
        self.ends = [FOREVER]

    def find(self, ready: int, cost: int) -> tuple[int, int]:
        """(start, number of the gap) of the first place for a task from `ready` on."""
        # A gap that begins later than `ready` may still be the first that is long enough.
        index = max(0, bisect_right(self.starts, ready) - 1)
        while max(self.starts[index], ready) + cost > self.ends[index]:
            index += 1
        return max(self.starts[index], ready), index

    def busy_until(self, time: int) -> int:
        """When the tasks end that run at that time without a gap; the time itself if none."""
        index = bisect_right(self.starts, time) - 1
        if index >= 0 and time < self.ends[index]:
            return time
        return self.starts[index + 1]

    def book(self, start: int, cost: int, index: int) -> None:
        """Take the time out of a gap; what is left of it on both sides stays free."""
        first, last = self.starts[index], self.ends[index]
        pieces = [(first, start), (start + cost, last)]
        left = [(low, high) for low, high in pieces if low < high]
        self.starts[index : index + 1] = [low for low, _ in left]
        self.ends[index : index + 1] = [high for _, high in left]
        if len(self.starts) > GAPS_KEPT:
            del self.starts[0], self.ends[0]


def list_schedule(
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    priority: Sequence[int] | None = None,
    machine: Machine | None = None,
) -> Clusters:
    """Clusters for at most `workers`, ordered; None for as many as help.

    HEFT (Topcuoglu, Hariri and Wu, IEEE TPDS 13(3), 2002) on equal workers, close to MCP (Wu and
    Gajski, IEEE TPDS 1(3), 1990): by descending distance to the end, messages included (or
    `priority`, which must fall along every edge or stay), each task takes the worker where it
    ends first, also in a gap between tasks placed before.  On a machine a
    task takes longer beside busy workers, and what they lose by it counts as if it ended later.
    O((tasks · workers + edges) · log), a machine adds tasks · workers².
    Raises ValueError for less than one worker.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"a schedule needs at least one worker, not {workers}")
    urgency = priority if priority is not None else distances_to_end(graph, message)
    position = [0] * len(graph)
    for index, task in enumerate(graph.order):
        position[task] = index
    disturbed = machine is not None and max(machine.slowdown) > 1
    owner = [-1] * len(graph)
    start = [0] * len(graph)
    end = [0] * len(graph)
    calendars = [Calendar()]  # the last one is that of a worker without tasks, if one is left
    for task in sorted(graph.order, key=lambda task: -urgency[task]):
        arrivals = _arrivals(graph, task, owner, end, message)
        choices: list[tuple[int, bool, int, int, int, int, int]] = []
        for worker in _candidates(len(calendars), arrivals, workers):
            ready = max(
                local if source == worker else remote
                for source, (local, remote) in arrivals.items()
            )
            cost, lost = graph.costs[task], 0
            begin, gap = calendars[worker].find(ready, cost)
            if machine is not None and disturbed:
                others = (other.busy_until(begin) for other in calendars)
                cost, lost = machine.beside(begin, cost, others)
                begin, gap = calendars[worker].find(begin, cost)
            end_there = begin + cost
            choices.append(
                (end_there + lost, worker not in arrivals, -ready, worker, begin, end_there, gap)
            )
        *_, worker, begin, finish, gap = min(choices)
        calendars[worker].book(begin, finish - begin, gap)
        owner[task], start[task], end[task] = worker, begin, finish
        if worker == len(calendars) - 1 and len(calendars) != workers:
            calendars.append(Calendar())
    clusters: Clusters = [[] for _ in calendars]
    # (start, end, position) is a topological order, so the clusters cannot deadlock.
    for task in sorted(graph.order, key=lambda task: (start[task], end[task], position[task])):
        clusters[owner[task]].append(task)
    return [tasks for tasks in clusters if tasks]


def _arrivals(
    graph: TaskGraph, task: int, owner: Sequence[int], end: Sequence[int], message: MessageCost
) -> dict[int, tuple[int, int]]:
    """When the task's data are there: by worker that has them (on it, on any other)."""
    arrivals: dict[int, tuple[int, int]] = {-1: (0, 0)}
    for source, size in zip(graph.predecessors[task], graph.received_bytes[task], strict=True):
        local, remote = arrivals.get(owner[source], (0, 0))
        arrivals[owner[source]] = (
            max(local, end[source]),
            max(remote, end[source] + message.of(size)),
        )
    return arrivals


def _candidates(
    count: int, arrivals: dict[int, tuple[int, int]], workers: int | None
) -> Sequence[int]:
    """The workers worth a look: all of a given number, else those that have data, and a new one."""
    if workers is not None:
        return range(count)
    return list(dict.fromkeys([*(worker for worker in arrivals if worker >= 0), count - 1]))
