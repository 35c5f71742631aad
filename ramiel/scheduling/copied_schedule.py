"""A schedule in which tasks may run in several clusters, and the times that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, Edge, MessageCost, TaskGraph, cluster_of_each


class CopiedSchedule:
    """Instances of tasks, numbered from 0: first each task in its cluster, then the copies.

    Attributes:
        originals, owner: of each instance its task and its cluster.
        instances: of each task its instances that run, at most one in a cluster.
        sources: of each instance the instances that it reads, as `graph.predecessors` of its task.
        sequence: the instances that run, each after its sources and those before it in its cluster.
        start, end, tail: of each instance, when it runs, and the longest way from its start to
            the end of the program; in ns, as of the last `run`.
        before: of each instance the one before it in its cluster, or -1; as of the last `run`.

    """

    def __init__(
        self, graph: TaskGraph, clusters: Sequence[Sequence[int]], message: MessageCost
    ) -> None:
        self.graph = graph
        self.clusters = len(clusters)
        self.travel = [[message.of(size) for size in sizes] for sizes in graph.received_bytes]
        self.originals = list(range(len(graph)))
        self.owner = cluster_of_each(graph, clusters)
        self.instances: list[tuple[int, ...]] = [(task,) for task in range(len(graph))]
        self.sources: list[list[int]] = list(graph.predecessors)
        simulate(graph, clusters, message)  # raises if the clusters wait for each other
        self.sequence = _one_after_the_other(graph, clusters, self.owner)
        self.run()

    def copy(self) -> CopiedSchedule:
        """The same schedule, which can be changed without changing this one."""
        other = object.__new__(CopiedSchedule)
        state: dict[str, Any] = vars(self)
        for name, value in state.items():
            setattr(other, name, list(value) if isinstance(value, list) else value)  # pyright: ignore[reportUnknownArgumentType]
        return other

    def run(self) -> None:
        """Compute all times, as `simulate` would.  O(tasks + edges)."""
        size = len(self.originals)
        costs, owner = self.graph.costs, self.owner
        self.start, self.end, self.tail = [0] * size, [0] * size, [0] * size
        self.before, self.position = [-1] * size, [0] * size
        last = [-1] * self.clusters
        for position, item in enumerate(self.sequence):
            cluster, task = owner[item], self.originals[item]
            previous = self.before[item] = last[cluster]
            begin = self.end[previous] if previous >= 0 else 0
            for source, travel in zip(self.sources[item], self.travel[task], strict=True):
                arrival = self.end[source] + (0 if owner[source] == cluster else travel)
                begin = max(begin, arrival)
            self.start[item], self.end[item] = begin, begin + costs[task]
            self.position[item] = position
            last[cluster] = item
        self.makespan = max(self.end, default=0)
        after = [0] * size  # what follows the end of an instance
        for item in reversed(self.sequence):
            cluster, task = owner[item], self.originals[item]
            tail = self.tail[item] = costs[task] + after[item]
            if self.before[item] >= 0:
                after[self.before[item]] = max(after[self.before[item]], tail)
            for source, travel in zip(self.sources[item], self.travel[task], strict=True):
                way = tail + (0 if owner[source] == cluster else travel)
                after[source] = max(after[source], way)

    def critical_messages(self) -> Iterator[tuple[int, int]]:
        """(reader, source) of each message that its worker waits for on a critical path."""
        for item in self.sequence:
            if self.start[item] + self.tail[item] < self.makespan:
                continue
            if self.start[item] == self._free_before(item):
                continue
            travels = self.travel[self.originals[item]]
            for source, travel in zip(self.sources[item], travels, strict=True):
                elsewhere = self.owner[source] != self.owner[item]
                if elsewhere and self.end[source] + travel == self.start[item]:
                    yield item, source

    def in_cluster(self, task: int, cluster: int) -> int | None:
        """The instance of a task in a cluster."""
        return next((i for i in self.instances[task] if self.owner[i] == cluster), None)

    def estimate(self, chain: Sequence[int], reader: int) -> tuple[int, int | None]:
        """When copies of the chain, right before the reader, would end; what they wait for.

        The second is the source that comes last of those that are sent to the copies, if any.
        """
        cluster, now = self.owner[reader], self._free_before(reader)
        ends: dict[int, int] = {}
        latest, awaited = -1, None
        for item in chain:
            task = self.originals[item]
            for source, travel in zip(self.sources[item], self.travel[task], strict=True):
                if source in ends:
                    continue
                near = self._source_near(source, reader)
                arrival = self.end[near]
                if self.owner[near] != cluster:
                    arrival += travel
                    if arrival > latest:
                        latest, awaited = arrival, near
                now = max(now, arrival)
            now = ends[item] = now + self.graph.costs[task]
        return now, awaited

    def insert(self, chain: Sequence[int], reader: int, kept: frozenset[int]) -> None:
        """Copy a chain of instances to the cluster of a reader, right before it.

        The instances that nobody reads any more are gone, but for those of the tasks in `kept`.
        """
        cluster = self.owner[reader]
        index = self.sequence.index(reader)
        for place, item in enumerate(chain, start=index):
            task, copy = self.originals[item], len(self.originals)
            self.originals.append(task)
            self.owner.append(cluster)
            self.position.append(self.position[reader])
            self.sources.append([self._source_near(s, reader) for s in self.sources[item]])
            self.instances[task] = (*self.instances[task], copy)
            self.sequence.insert(place, copy)
            for successor in self.graph.successors[task]:
                local = self.in_cluster(successor, cluster)
                if local is not None and self.position[local] >= self.position[reader]:
                    self._reconnect(local, task, copy)
        for item in reversed(chain):
            if self.originals[item] not in kept and not any(True for _ in self.readers(item)):
                self._drop(item)

    def removable(self, copy: int) -> int | None:
        """The instance that the readers of a copy could read instead of it, if there is one."""
        others = [item for item in self.instances[self.originals[copy]] if item != copy]
        first = min(others, key=self.position.__getitem__, default=None)
        if first is None or self.position[first] >= self.position[copy]:
            return None
        return first

    def remove(self, copy: int, instead: int) -> None:
        """Take a copy out; its readers read another instance."""
        for reader in list(self.readers(copy)):
            self._reconnect(reader, self.originals[copy], instead)
        self._drop(copy)

    def readers(self, item: int) -> Iterator[int]:
        """The instances that read an instance."""
        for successor in self.graph.successors[self.originals[item]]:
            for reader in self.instances[successor]:
                if item in self.sources[reader]:
                    yield reader

    def result(self, graph: TaskGraph) -> tuple[TaskGraph, Clusters, list[int]]:
        """The graph of the instances, their clusters in order, and the task of each instance.

        Costs are those of `graph`, the tasks as they are when nothing slows them down.
        """
        alive = sorted(self.sequence)
        number = {item: index for index, item in enumerate(alive)}
        clusters: Clusters = [[] for _ in range(self.clusters)]
        for item in self.sequence:
            clusters[self.owner[item]].append(number[item])
        edges: list[Edge] = [
            (number[source], number[item], size)
            for item in alive
            for source, size in zip(
                self.sources[item], self.graph.received_bytes[self.originals[item]], strict=True
            )
        ]
        originals = [self.originals[item] for item in alive]
        costs = [graph.costs_per_width[task] for task in originals]
        return TaskGraph(costs, edges), clusters, originals

    def _free_before(self, item: int) -> int:
        """When the worker of an instance is free for it."""
        previous = self.before[item]
        return self.end[previous] if previous >= 0 else 0

    def _source_near(self, source: int, reader: int) -> int:
        """The instance in the reader's cluster and before it, else the one given."""
        local = self.in_cluster(self.originals[source], self.owner[reader])
        if local is not None and self.position[local] <= self.position[reader]:
            return local
        return source

    def _reconnect(self, reader: int, task: int, source: int) -> None:
        """Let an instance read another instance of a task."""
        self.sources[reader] = [
            source if self.originals[item] == task else item for item in self.sources[reader]
        ]

    def _drop(self, item: int) -> None:
        task = self.originals[item]
        self.instances[task] = tuple(i for i in self.instances[task] if i != item)
        self.sequence.remove(item)


def _one_after_the_other(
    graph: TaskGraph, clusters: Sequence[Sequence[int]], owner: Sequence[int]
) -> list[int]:
    """All tasks in one order that keeps to the data and to the orders of the clusters."""
    missing = [len(sources) for sources in graph.predecessors]
    following = [iter(tasks) for tasks in clusters]
    current = [next(tasks, None) for tasks in following]
    sequence: list[int] = []
    runnable = list(range(len(clusters)))
    while runnable:
        cluster = runnable.pop()
        task = current[cluster]
        while task is not None and missing[task] == 0:
            sequence.append(task)
            for reader in graph.successors[task]:
                missing[reader] -= 1
                if missing[reader] == 0 and owner[reader] != cluster:
                    runnable.append(owner[reader])
            task = current[cluster] = next(following[cluster], None)
    return sequence
