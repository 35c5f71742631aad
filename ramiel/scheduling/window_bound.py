"""A lower bound on the makespan from windows of time in which too much must happen.

Fernandez and Bussell, "Bounds on the Number of Processors and Time for Multiprocessor Optimal
Schedules" (IEEE Transactions on Computers C-22(8), 1973).
"""

from __future__ import annotations

from collections.abc import Sequence

from ramiel.scheduling.task_graph import TaskGraph

OVERLAPS = 100_000
"""Overlaps of a task with a window that may be computed: a fraction of a second."""


def window_bound(graph: TaskGraph, workers: int) -> int:
    """The critical path, and how far the work that a window must hold exceeds what fits in it; ns.

    With every task between its earliest start and the latest end that keeps to the critical path,
    a window of time holds at least the smaller of its overlaps with the two.  If that is more than
    `workers` can do in the window, the makespan is longer than the critical path by at least the
    excess divided by `workers`.  A task that can run on several cores has its least time on the
    path, and in a window the least time · cores of all widths.  On large graphs few windows are
    looked at, or none.
    """
    usable = [tuple(widths[:workers]) for widths in graph.costs_per_width]
    least = [min(widths) for widths in usable]
    earliest, latest = _earliest_starts(graph, least), _latest_ends(graph, least)
    path = max(latest, default=0)
    best = path
    edges = _ends_of_windows(graph, earliest, latest)
    for index, start in enumerate(edges):
        for end in edges[index + 1 :]:
            held = sum(
                min(
                    cores
                    * min(
                        _overlap(first, first + cost, start, end),
                        _overlap(last - cost, last, start, end),
                    )
                    for cores, cost in enumerate(widths, start=1)
                )
                for widths, first, last in zip(usable, earliest, latest, strict=True)
                if first < end and last > start
            )
            best = max(best, path + -(-held // workers) - (end - start))
    return best


def _overlap(first: int, last: int, start: int, end: int) -> int:
    return max(0, min(last, end) - max(first, start))


def _earliest_starts(graph: TaskGraph, costs: Sequence[int]) -> list[int]:
    starts = [0] * len(graph)
    for task in graph.order:
        for reader in graph.successors[task]:
            starts[reader] = max(starts[reader], starts[task] + costs[task])
    return starts


def _latest_ends(graph: TaskGraph, costs: Sequence[int]) -> list[int]:
    """Such that all is done by the end of the critical path."""
    after = [0] * len(graph)
    for task in reversed(graph.order):
        for source in graph.predecessors[task]:
            after[source] = max(after[source], after[task] + costs[task])
    path = max((cost + rest for cost, rest in zip(costs, after, strict=True)), default=0)
    return [path - rest for rest in after]


def _ends_of_windows(graph: TaskGraph, earliest: Sequence[int], latest: Sequence[int]) -> list[int]:
    """Starts and ends of tasks, as many as the budget allows, evenly chosen."""
    times = sorted({*earliest, *latest})
    count = int((2 * OVERLAPS / max(1, len(graph))) ** 0.5)
    if len(times) <= count:
        return times
    if count < 2:
        return []
    return [times[index * (len(times) - 1) // (count - 1)] for index in range(count)]
