"""Wide where the graph is a chain, side by side where it branches: a width for each stretch.

A stretch ends with a cut: a task whose result is all that later tasks read of earlier ones.  Each
stretch runs either on one worker that uses all cores inside its operators, or on several workers of
one core each; neighbouring stretches of one kind are scheduled together.  The model of moldable
tasks is that of Turek, Wolf and Yu (SPAA 1992), with two widths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

Scheduler: TypeAlias = Callable[[TaskGraph, MessageCost, int | None], Clusters]


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
class _Stretch:
    """Tasks side by side, and the ns that they take."""

    clusters: Clusters
    time: int


def moldable(
    graph: TaskGraph, message: MessageCost, cores: int, scheduler: Scheduler
) -> MoldableSchedule:
    """The best of all stretches wide, all side by side, and a width for each.

    `scheduler` makes the clusters of what runs side by side.  Raises ValueError for less than one
    core.
    """
    if cores < 1:
        raise ValueError(f"a schedule needs at least one core, not {cores}")
    parts = stretches(graph)
    kinds = _kinds(graph, parts, message, cores, scheduler)
    choices = [[True] * len(parts), [False] * len(parts), kinds]
    schedules = [_schedule(graph, parts, kind, message, cores, scheduler) for kind in choices]
    # Of those that take as long, the one with fewer clusters.
    return min(schedules, key=lambda schedule: (schedule.makespan, len(schedule.clusters)))


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


def _kinds(
    graph: TaskGraph,
    parts: Sequence[list[int]],
    message: MessageCost,
    cores: int,
    scheduler: Scheduler,
) -> list[bool]:
    """For each stretch whether it is wide: the least time in all, a message at each change."""
    wide, narrow = 0, 0
    chosen: list[tuple[bool, bool]] = []  # before a wide stretch, before a narrow one
    for tasks in parts:
        stretch = _side_by_side(graph, tasks, message, cores, scheduler)
        from_wide = wide <= narrow + message.latency_ns
        from_narrow = narrow <= wide + message.latency_ns
        chosen.append((from_wide, not from_narrow))
        before_wide = min(wide, narrow + message.latency_ns)
        before_narrow = min(narrow, wide + message.latency_ns)
        wide = before_wide + wide_time(graph, tasks, cores)
        narrow = before_narrow + stretch.time
    kinds: list[bool] = []
    kind = wide <= narrow
    for before in reversed(chosen):
        kinds.append(kind)
        kind = before[0] if kind else before[1]
    return kinds[::-1]


def _schedule(
    graph: TaskGraph,
    parts: Sequence[list[int]],
    kinds: Sequence[bool],
    message: MessageCost,
    cores: int,
    scheduler: Scheduler,
) -> MoldableSchedule:
    """Neighbouring stretches of one kind together, one after the other."""
    wide: list[int] = []
    lanes: Clusters = []
    makespan = -message.latency_ns
    for is_wide, group in groupby(zip(kinds, parts, strict=True), lambda pair: pair[0]):
        tasks = [task for _, part in group for task in part]
        makespan += message.latency_ns
        if is_wide:
            wide += tasks
            makespan += wide_time(graph, tasks, cores)
            continue
        stretch = _side_by_side(graph, tasks, message, cores, scheduler)
        makespan += stretch.time
        lanes += [[] for _ in range(len(stretch.clusters) - len(lanes))]
        for lane, more in zip(lanes, stretch.clusters, strict=False):
            lane += more
    clusters = [wide, *lanes] if wide else lanes
    widths = [cores, *[1] * len(lanes)] if wide else [1] * len(lanes)
    return MoldableSchedule(clusters, widths, max(makespan, 0))


def _side_by_side(
    graph: TaskGraph, tasks: list[int], message: MessageCost, cores: int, scheduler: Scheduler
) -> _Stretch:
    number = {task: index for index, task in enumerate(tasks)}
    edges = [
        (number[task], number[reader], size)
        for task in tasks
        for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True)
        if reader in number
    ]
    part = TaskGraph([graph.costs[task] for task in tasks], edges)
    clusters = scheduler(part, message, cores)
    time = simulate(part, clusters, message).makespan
    return _Stretch([[tasks[i] for i in cluster] for cluster in clusters], time)
