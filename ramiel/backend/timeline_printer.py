"""The clusters of a program as a table with a Gantt chart, for the docstring of model.py."""

from __future__ import annotations

from collections.abc import Sequence

from ramiel.costs.machine import machine_of
from ramiel.dialects.task import ProgramOp
from ramiel.scheduling.simulator import Timeline, simulate
from ramiel.transforms.clustered_tasks import look_at

WIDTH = 40
"""Columns of the chart."""


def chart(program: ProgramOp) -> list[str]:
    """A line for each cluster; none for one cluster, or where nothing has a cost."""
    if len(program.clusters) < 2:
        return []
    tasks, clusters = look_at(program)
    if not tasks.has_costs:
        return []
    widths = [cluster.cores for cluster in program.clusters]
    timeline = simulate(tasks.graph, clusters, None, machine_of(program), widths)
    names = [cluster.sym_name.data for cluster in program.clusters]
    rows = [("cluster", "cores", "operations", "busy", f"0 to {_time(timeline.makespan)}")]
    for index, (name, width) in enumerate(zip(names, widths, strict=True)):
        bar = _bar(timeline, clusters[index])
        busy = f"{100 * timeline.busy[index] // max(timeline.makespan, 1)} %"
        rows.append((name, str(width), str(len(clusters[index])), busy, bar))
    sizes = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "    " + "  ".join([*(t.ljust(n) for t, n in zip(row, sizes, strict=False)), row[4]])
        for row in rows
    ]


def _time(nanoseconds: int) -> str:
    from ramiel.backend.cluster_printer import milliseconds

    return milliseconds(nanoseconds)


def _bar(timeline: Timeline, tasks: Sequence[int]) -> str:
    """`#` where the cluster computes for most of the time, `-` for some, `.` where it waits."""
    step = max(timeline.makespan, 1) / WIDTH
    busy = [0.0] * WIDTH
    for task in tasks:
        start, end = timeline.start[task] / step, timeline.end[task] / step
        for column in range(int(start), min(int(end), WIDTH - 1) + 1):
            busy[column] += max(0.0, min(end, column + 1) - max(start, column))
    return "".join("#" if share > 0.5 else "-" if share > 0.05 else "." for share in busy)
