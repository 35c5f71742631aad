"""What the algorithms see of a model: tasks with costs, the data between them, and what it costs
to send those to another worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

Clusters: TypeAlias = list[list[int]]
"""For each worker, the tasks that it runs, in order."""
Edge: TypeAlias = tuple[int, int, int]
"""(producer, consumer, bytes): the consumer reads that many bytes of the producer's result."""


@dataclass(frozen=True)
class MessageCost:
    """The time between the end of a task and the start of a reader in another cluster, in ns.

    α + β · bytes.  The default is a thread that takes a reference out of a queue: 10 µs for the
    waking of the reader, nothing for the size.  Raises ValueError if a part is negative.
    """

    latency_ns: int = 10_000
    ns_per_byte: float = 0.0

    def __post_init__(self) -> None:
        if self.latency_ns < 0 or self.ns_per_byte < 0:
            raise ValueError("a message cannot cost less than nothing")

    def of(self, size: int) -> int:
        """The cost of a message of `size` bytes."""
        return self.latency_ns + round(self.ns_per_byte * size)


class TaskGraph:
    """A directed graph without cycles; tasks are numbered from 0.

    Attributes:
        costs_per_width: for each task its ns on 1, 2, … cores.
        costs: for each task its ns on one core.
        predecessors, successors: for each task the tasks that it reads from, that read from it,
            each once, in ascending order.
        received_bytes, sent_bytes: the bytes of those edges, in the same order.
        order: all tasks, each after its predecessors; ascending wherever that is possible.

    """

    def __init__(self, costs: Sequence[int | Sequence[int]], edges: Iterable[Edge] = ()) -> None:
        """Parallel edges become one edge that carries the bytes of all.

        Raises ValueError for a cycle, a negative or missing cost, and an edge of no task.
        """
        self.costs_per_width = [(cost,) if isinstance(cost, int) else tuple(cost) for cost in costs]
        for task, widths in enumerate(self.costs_per_width):
            if not widths:
                raise ValueError(f"task {task} has no cost")
            if min(widths) < 0:
                raise ValueError(f"task {task} has the negative cost {min(widths)}")
        self.costs = [widths[0] for widths in self.costs_per_width]
        size = len(self.costs)
        total: dict[tuple[int, int], int] = {}
        for producer, consumer, carried in edges:
            if not (0 <= producer < size and 0 <= consumer < size):
                raise ValueError(f"edge {producer} -> {consumer} in a graph of {size} tasks")
            if carried < 0:
                raise ValueError(f"edge {producer} -> {consumer} carries {carried} bytes")
            total[producer, consumer] = total.get((producer, consumer), 0) + carried
        self.predecessors: list[list[int]] = [[] for _ in range(size)]
        self.successors: list[list[int]] = [[] for _ in range(size)]
        self.received_bytes: list[list[int]] = [[] for _ in range(size)]
        self.sent_bytes: list[list[int]] = [[] for _ in range(size)]
        for producer, consumer in sorted(total):
            carried = total[producer, consumer]
            self.successors[producer].append(consumer)
            self.sent_bytes[producer].append(carried)
            self.predecessors[consumer].append(producer)
            self.received_bytes[consumer].append(carried)
        self.order = self._topological_order()

    def __len__(self) -> int:
        return len(self.costs)

    def edges(self) -> Iterator[Edge]:
        """All edges, by producer."""
        for producer, readers in enumerate(self.successors):
            for reader, size in zip(readers, self.sent_bytes[producer], strict=True):
                yield producer, reader, size

    def reversed(self) -> TaskGraph:
        """The same tasks with every edge turned round."""
        edges = ((reader, producer, size) for producer, reader, size in self.edges())
        return TaskGraph(self.costs_per_width, edges)

    def slowed(self, factor: float) -> TaskGraph:
        """The same tasks, each taking that many times as long."""
        if factor == 1:
            return self
        other = copy(self)
        other.costs_per_width = [
            tuple(round(factor * cost) for cost in widths) for widths in self.costs_per_width
        ]
        other.costs = [widths[0] for widths in other.costs_per_width]
        return other

    def _topological_order(self) -> list[int]:
        missing = [len(sources) for sources in self.predecessors]
        ready = [task for task, count in enumerate(missing) if count == 0]
        heapify(ready)
        order: list[int] = []
        while ready:
            task = heappop(ready)
            order.append(task)
            for reader in self.successors[task]:
                missing[reader] -= 1
                if missing[reader] == 0:
                    heappush(ready, reader)
        if len(order) < len(missing):
            raise ValueError(f"the graph has a cycle: {self._cycle(missing)}")
        return order

    def _cycle(self, missing: Sequence[int]) -> str:
        """The text `3 -> 5 -> 3` of one cycle among the tasks with missing predecessors."""
        task = next(task for task, count in enumerate(missing) if count)
        position: dict[int, int] = {}
        while task not in position:
            position[task] = len(position)
            task = next(source for source in self.predecessors[task] if missing[source])
        cycle = [task, *reversed(list(position)[position[task] :])]
        return " -> ".join(map(str, cycle))


def cluster_of_each(graph: TaskGraph, clusters: Sequence[Sequence[int]]) -> list[int]:
    """For each task the number of its cluster.

    Raises ValueError unless the clusters hold each task exactly once.
    """
    owner = [-1] * len(graph)
    for cluster, tasks in enumerate(clusters):
        for task in tasks:
            if owner[task] != -1:
                raise ValueError(f"task {task} is in two clusters")
            owner[task] = cluster
    if -1 in owner:
        raise ValueError(f"task {owner.index(-1)} is in no cluster")
    return owner
