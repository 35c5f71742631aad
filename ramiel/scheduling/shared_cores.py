"""The simulation with cores that workers share and that slow each other down.

Each task that runs demands as many cores as its worker is wide.  Where all together demand more
than there are, each gets the same share of what it wants (egalitarian processor sharing), and the
more cores are busy, the slower each is.  So all running tasks progress at one common rate, which
changes only when a task starts or ends; their ends are kept on a clock that runs at that rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import TaskGraph


def run_shared(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    owner: Sequence[int],
    machine: Machine,
    widths: Sequence[int],
) -> tuple[list[int], list[int]]:
    """Start and end of each task in ns; the time that the call takes beside them comes first.

    A task that never runs, in a deadlock, ends at -1.
    """
    return _Simulation(graph, clusters, owner, machine, widths).run()


class _Simulation:
    def __init__(
        self,
        graph: TaskGraph,
        clusters: Sequence[Sequence[int]],
        owner: Sequence[int],
        machine: Machine,
        widths: Sequence[int],
    ) -> None:
        self.graph, self.clusters, self.owner = graph, clusters, owner
        self.machine, self.widths = machine, widths
        self.now = float(machine.call(len(clusters)))  # the call has to start and to end, too
        self.progress = 0.0  # the common clock: ns of work that each task has done
        self.demand = 0
        self.running: list[tuple[float, int]] = []  # (progress at its end, task)
        self.arrivals: list[tuple[float, int]] = []  # (time, task whose last data arrive)
        self.missing = [len(sources) for sources in graph.predecessors]
        self.arrival = [0.0] * len(graph)
        self.next_position = [0] * len(clusters)
        self.busy = [False] * len(clusters)
        self.received: set[tuple[int, int]] = set()  # (producer, cluster that has its result)
        self.start = [0] * len(graph)
        self.end = [-1] * len(graph)

    def run(self) -> tuple[list[int], list[int]]:
        for cluster in range(len(self.clusters)):
            self._start_next(cluster)
        while self.running or self.arrivals:
            first_end = (
                self.now + (self.running[0][0] - self.progress) / self._rate()
                if self.running
                else float("inf")
            )
            if self.arrivals and self.arrivals[0][0] <= first_end:
                self._advance(self.arrivals[0][0])
                _, task = heappop(self.arrivals)
                self._start_next(self.owner[task])
            else:
                self._advance(first_end)
                self.progress, task = heappop(self.running)
                self._finish(task)
        return self.start, self.end

    def _rate(self) -> float:
        """ns of work that each running task does in a ns."""
        cores = self.machine.cores or self.demand
        share = min(1.0, cores / self.demand)
        return share / self.machine.slowdown_with(min(self.demand, cores))

    def _advance(self, time: float) -> None:
        if self.running:
            self.progress += (time - self.now) * self._rate()
        self.now = time

    def _start_next(self, cluster: int) -> None:
        """Start the cluster's next task if it can run now; come back when its data arrive."""
        position = self.next_position[cluster]
        if self.busy[cluster] or position == len(self.clusters[cluster]):
            return
        task = self.clusters[cluster][position]
        if self.missing[task]:
            return
        if self.arrival[task] > self.now:
            heappush(self.arrivals, (self.arrival[task], task))
            return
        self.next_position[cluster] += 1
        self.busy[cluster] = True
        self.demand += self.widths[cluster]
        self.start[task] = round(self.now)
        heappush(self.running, (self.progress + self._work(task), task))

    def _work(self, task: int) -> float:
        """The task and its messages in ns, undisturbed.

        Costs at a width are measured with that many cores busy: that slowdown is in them.
        """
        width = self.widths[self.owner[task]]
        costs = self.graph.costs_per_width[task]
        cost = costs[min(width, len(costs)) - 1] / self.machine.slowdown_with(width)
        here = self.owner[task]
        remote = {(s, here) for s in self.graph.predecessors[task] if self.owner[s] != here}
        messages = remote - self.received
        self.received |= messages
        sending = sum(map(self.machine.send, self._sent(task).values()))
        return cost + self.machine.receive_ns * len(messages) + sending

    def _sent(self, task: int) -> dict[int, int]:
        """The bytes that go to each other cluster."""
        sent: dict[int, int] = {}
        successors, sizes = self.graph.successors[task], self.graph.sent_bytes[task]
        for reader, size in zip(successors, sizes, strict=True):
            there = self.owner[reader]
            if there != self.owner[task]:
                sent[there] = max(sent.get(there, 0), size)
        return sent

    def _finish(self, task: int) -> None:
        cluster = self.owner[task]
        self.end[task] = round(self.now)
        self.demand -= self.widths[cluster]
        self.busy[cluster] = False
        self._start_next(cluster)
        for reader, size in zip(
            self.graph.successors[task], self.graph.sent_bytes[task], strict=True
        ):
            there = self.owner[reader]
            wait = 0 if there == cluster else self.machine.travel(size)
            self.arrival[reader] = max(self.arrival[reader], self.now + wait)
            self.missing[reader] -= 1
            if self.missing[reader] == 0:
                self._start_next(there)
