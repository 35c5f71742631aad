"""The proof that operations which can run at the same time never use more cores than there are.

Operations that can run at the same time are those of which none must wait for another.  By
Dilworth's theorem (Annals of Mathematics 51, 1950; with weights by Ford and Fulkerson) the most
cores that they can use at once are the fewest with which every operation gets its width, if each
core goes from operation to operation only along the order of a cluster and along messages.
Those fewest are a minimal flow: at first every cluster has its cores for itself, then cores are
handed on for as long as one can be spared.
"""

from __future__ import annotations

from collections import deque

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects.dataflow import Immediate
from ramiel.dialects.task import ClusterOp, OutputOp, ProgramOp, RecvOp, SendOp

CORES = "cores"
"""The program's discardable attribute with the number of cores that it is made for."""


def verify_cores(program: ProgramOp, cores: int) -> None:
    """Raises VerifyException if operations that can run at the same time use more cores.

    The program must be free of deadlock.
    """
    width = sum(cluster.cores for cluster in program.clusters)
    flow = _Flow(program)
    while width > cores and flow.spare_one():
        width -= 1
    if width > cores:
        raise VerifyException(
            f"operations that can run at the same time use {width} of {cores} cores"
        )


class _Flow:
    """Cores that go through steps: each a message, or operations of a cluster between messages.

    Step i is a pair of nodes, 2i where cores come in and 2i + 1 where they leave; START and END
    stand for the pool of cores.
    """

    START, END = -2, -1

    def __init__(self, program: ProgramOp) -> None:
        self.flow: dict[tuple[int, int], int] = {}
        self.least: dict[tuple[int, int], int] = {}
        self.forward: dict[int, list[int]] = {self.START: [], self.END: []}
        self.backward: dict[int, list[int]] = {self.START: [], self.END: []}
        self.steps: dict[Operation, int] = {}
        """Of each message."""
        self.count = 0
        for cluster in program.clusters:
            self._add_cluster(cluster)
        for channel in program.channels:
            send, recv = self.steps[channel.send], self.steps[channel.recv]
            self._add_edge(2 * send + 1, 2 * recv, 0)

    def _add_cluster(self, cluster: ClusterOp) -> None:
        leaves = self.START
        working = False
        for op in cluster.block.ops:
            if isinstance(op, OutputOp) or op.has_trait(Immediate, value_if_unregistered=False):
                continue
            is_message = isinstance(op, SendOp | RecvOp)
            if not is_message and working:
                continue
            working = not is_message
            step = self.count
            self.count += 1
            if is_message:
                self.steps[op] = step
            enters = 2 * step
            self._add_edge(leaves, enters, cluster.cores)
            self._add_edge(enters, enters + 1, cluster.cores, 0 if is_message else cluster.cores)
            leaves = enters + 1
        self._add_edge(leaves, self.END, cluster.cores)

    def _add_edge(self, source: int, target: int, flow: int, least: int = 0) -> None:
        self.flow[source, target] = flow
        self.least[source, target] = least
        self.forward.setdefault(source, []).append(target)
        self.backward.setdefault(target, []).append(source)

    def spare_one(self) -> bool:
        """Hand cores on so that one fewer is needed, if that is possible."""
        came_from = {self.END: self.END}
        queue = deque([self.END])
        while queue and self.START not in came_from:
            node = queue.popleft()
            # A core fewer may come in from there, or one more may go on to there.
            fewer = [n for n in self.backward.get(node, ()) if self._can_spare(n, node)]
            for other in (*fewer, *self.forward.get(node, ())):
                if other not in came_from:
                    came_from[other] = node
                    queue.append(other)
        if self.START not in came_from:
            return False
        node = self.START
        while node != self.END:
            after = came_from[node]
            if self._can_spare(node, after):
                self.flow[node, after] -= 1
            else:
                self.flow[after, node] += 1
            node = after
        return True

    def _can_spare(self, source: int, target: int) -> bool:
        edge = (source, target)
        return edge in self.flow and self.flow[edge] > self.least[edge]
