"""From a task program back to tasks: the values behind messages, and the order in clusters."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from ramiel.dialects.task import OutputOp, ProgramOp, RecvOp, SendOp
from ramiel.errors import RamielError
from ramiel.scheduling.task_graph import Clusters
from ramiel.transforms.task_graph import Tasks, is_immediate, read_tasks


@dataclass(frozen=True)
class ClusteredTasks:
    """The tasks of a program, the clusters that they are in, and the program's results.

    `also_reads` are the values that an operation waits for without using them.
    """

    tasks: Tasks
    clusters: Clusters
    outputs: list[SSAValue]
    also_reads: dict[Operation, list[SSAValue]]


def take_apart(program: ProgramOp) -> ClusteredTasks:
    """The tasks of a program.

    The operations stay where they are, but read straight from each other, without messages: the
    program is good only for being replaced.  Raises RamielError for a bad cost, and for a program
    for several samples, whose workers name stages of the clusters as they are.
    """
    if program.workers:
        raise RamielError(
            f"@{program.sym_name.data} has workers already: hypercluster must be the last pass"
        )
    also_reads = _connect(program)
    _share_immediates(program)
    groups = [[op for op in c.block.ops if _runs(op)] for c in program.clusters]
    tasks = read_tasks([op for group in groups for op in group], groups, also_reads)
    number = {op: task for task, op in enumerate(tasks.operations)}
    return ClusteredTasks(
        tasks,
        [[number[op] for op in group] for group in groups],
        _outputs(program),
        also_reads,
    )


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
            key = (
                op.name,
                frozenset(op.properties.items()),
                tuple(op.operands),
                tuple(op.result_types),
            )
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
