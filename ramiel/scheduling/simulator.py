"""What a schedule takes: every cluster has a worker of its own, messages take their time.

With a `Machine` workers also share its cores and slow each other down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ramiel.scheduling.machine import Machine
from ramiel.scheduling.shared_cores import run_shared
from ramiel.scheduling.task_graph import MessageCost, TaskGraph, cluster_of_each


@dataclass(frozen=True)
class Timeline:
    """When each task runs and what the workers do meanwhile; times in ns.

    Attributes:
        start, end: of each task.
        spans: of each cluster, from the start of its first task to the end of its last.
        busy: of each cluster, the time in which it runs a task.
        serial: the cost of all tasks, one after the other on one core.
        messages: how many results go from their producer to another cluster.
        message_bytes: the bytes of those.

    """

    start: list[int]
    end: list[int]
    spans: list[tuple[int, int]]
    busy: list[int]
    serial: int
    messages: int
    message_bytes: int

    @property
    def makespan(self) -> int:
        """The end of the last task."""
        return max(self.end, default=0)

    @property
    def idle(self) -> list[int]:
        """Of each cluster, the time until the makespan in which it runs no task."""
        return [self.makespan - busy for busy in self.busy]


def simulate(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost | None = None,
    machine: Machine | None = None,
    widths: Sequence[int] | None = None,
) -> Timeline:
    """Run each cluster's tasks in the order given, each as soon as its data are there.

    Without a machine, a worker waits only for data and to send costs it nothing.  With one,
    `message` is its own unless given, workers share its cores, and `widths` are the cores that
    each cluster's tasks use (one each).  Raises ValueError if a task is not in exactly one
    cluster, and if the orders contradict the data, so that the workers wait for each other for
    ever.
    """
    owner = cluster_of_each(graph, clusters)
    if machine is None and widths is None:
        start, end = _run(graph, clusters, owner, message or MessageCost())
    else:
        machine = machine or Machine()
        machine = machine if message is None else replace(machine, message=message)
        widths = widths or [1] * len(clusters)
        start, end = run_shared(graph, clusters, owner, machine, widths)
        _refuse_deadlock([[t for t in tasks if end[t] < 0] for tasks in clusters])
    sent: dict[tuple[int, int], int] = {}
    for producer, readers in enumerate(graph.successors):
        for reader, size in zip(readers, graph.sent_bytes[producer], strict=True):
            if owner[reader] != owner[producer]:
                key = (producer, owner[reader])
                sent[key] = max(sent.get(key, 0), size)
    return Timeline(
        start,
        end,
        spans=[(start[tasks[0]], end[tasks[-1]]) if tasks else (0, 0) for tasks in clusters],
        busy=[sum(end[task] - start[task] for task in tasks) for tasks in clusters],
        serial=sum(graph.costs),
        messages=len(sent),
        message_bytes=sum(sent.values()),
    )


def _run(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    owner: Sequence[int],
    message: MessageCost,
) -> tuple[list[int], list[int]]:
    """Start and end of each task."""
    earliest = [0] * len(graph)
    end = [0] * len(graph)
    missing = [len(sources) for sources in graph.predecessors]
    next_position = [0] * len(clusters)
    free_at = [0] * len(clusters)
    runnable = [index for index, tasks in enumerate(clusters) if tasks]
    while runnable:
        cluster = runnable.pop()
        tasks = clusters[cluster]
        position = next_position[cluster]
        while position < len(tasks) and missing[tasks[position]] == 0:
            task = tasks[position]
            position += 1
            earliest[task] = max(earliest[task], free_at[cluster])
            end[task] = free_at[cluster] = earliest[task] + graph.costs[task]
            for reader, size in zip(graph.successors[task], graph.sent_bytes[task], strict=True):
                arrival = end[task]
                if owner[reader] != cluster:
                    arrival += message.of(size)
                earliest[reader] = max(earliest[reader], arrival)
                missing[reader] -= 1
                if missing[reader] == 0 and owner[reader] != cluster:
                    runnable.append(owner[reader])
        next_position[cluster] = position
    _refuse_deadlock([tasks[at:] for tasks, at in zip(clusters, next_position, strict=True)])
    return earliest, end


def _refuse_deadlock(left: Sequence[Sequence[int]]) -> None:
    """Raise ValueError if tasks are left that never ran."""
    if waiting := [tasks[0] for tasks in left if tasks]:
        raise ValueError(f"deadlock: tasks {waiting} of different clusters wait for each other")
