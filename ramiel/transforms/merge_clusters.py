"""`merge-clusters`: clusters that cannot run at the same time become one."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.task import OutputOp, ProgramOp, RecvOp, SendOp
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost
from ramiel.transforms.task_graph import is_immediate, message_cost, read_tasks
from ramiel.transforms.task_program import replace_program


@dataclass(frozen=True)
class MergeClusters(ModulePass):
    """Let clusters whose spans in the simulation do not overlap share a worker.

    Args:
        max_clusters: merge on, down to this number, also clusters that could run side by side.
        message_ns: what a message between two workers costs; 0 where no operation has a cost.

    Raises RamielError for fewer than one cluster and for a bad cost.
    """

    name = "merge-clusters"
    max_clusters: int | None = None
    message_ns: int = MessageCost().latency_ns

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.max_clusters is not None and self.max_clusters < 1:
            raise RamielError(
                f"merge-clusters: max-clusters must be at least 1, not {self.max_clusters}"
            )
        for program in [nested for nested in op.walk() if isinstance(nested, ProgramOp)]:
            if any(cluster.cores != 1 for cluster in program.clusters):
                remark("not merged: it has clusters that are wider than one core", program)
                continue
            self.merge(program)

    def merge(self, program: ProgramOp) -> None:
        """Replace one program by the merged one."""
        also_reads = _connect(program)
        _share_immediates(program)
        groups = [[op for op in c.block.ops if _runs(op)] for c in program.clusters]
        tasks = read_tasks([op for group in groups for op in group], groups, also_reads)
        message = message_cost(self.message_ns, tasks)
        number = {op: task for task, op in enumerate(tasks.operations)}
        clusters = merge_clusters(
            tasks.graph,
            [[number[op] for op in group] for group in groups],
            message,
            self.max_clusters,
        )
        timeline = simulate(tasks.graph, clusters, message)
        replace_program(program, tasks, clusters, _outputs(program), timeline)


def _runs(op: Operation) -> bool:
    return not isinstance(op, SendOp | RecvOp | OutputOp) and not is_immediate(op)


def _connect(program: ProgramOp) -> dict[Operation, list[SSAValue]]:
    """Replace each received value by the value that is sent.

    Returns what operations wait for without using it: a receive without readers still orders
    the operation after it.
    """
    waits_for: dict[Operation, list[RecvOp]] = {}
    for cluster in program.clusters:
        pending: list[RecvOp] = []
        for op in cluster.block.ops:
            if isinstance(op, RecvOp) and op.result.first_use is None:
                pending.append(op)
            elif pending and _runs(op):
                waits_for[op] = pending
                pending = []
    sources = {channel.recv: channel.send for channel in program.channels}
    for recv, send in sources.items():
        recv.result.replace_all_uses_with(send.value)
    return {op: [sources[recv].value for recv in recvs] for op, recvs in waits_for.items()}


def _share_immediates(program: ProgramOp) -> None:
    """Let all copies of a weight or constant be one value, which each new cluster copies."""
    shared: dict[object, Operation] = {}
    for cluster in program.clusters:
        for op in cluster.block.ops:
            if not is_immediate(op):
                continue
            key = (op.name, frozenset(op.properties.items()), tuple(op.result_types))
            first = shared.setdefault(key, op)
            if first is op:
                continue
            for value, same in zip(op.results, first.results, strict=True):
                value.replace_all_uses_with(same)


def _outputs(program: ProgramOp) -> list[SSAValue]:
    written = {
        op.position: op.value
        for cluster in program.clusters
        for op in cluster.block.ops
        if isinstance(op, OutputOp)
    }
    return [written[index] for index in range(len(written))]
