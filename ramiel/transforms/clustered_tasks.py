"""From a task program back to tasks: the values behind messages, and the order in clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    also_reads = _also_reads(program)
    for received, sent in _messages(program).items():
        received.replace_all_uses_with(sent)
    _share_immediates(program)
    tasks, clusters = _read(program, also_reads, {})
    return ClusteredTasks(tasks, clusters, _outputs(program), also_reads)


def look_at(program: ProgramOp) -> tuple[Tasks, Clusters]:
    """The tasks and clusters of a program, which stays as it is.  Raises as `take_apart`."""
    return _read(program, _also_reads(program), _messages(program))


def _read(
    program: ProgramOp,
    also_reads: Mapping[Operation, Sequence[SSAValue]],
    sent: Mapping[SSAValue, SSAValue],
) -> tuple[Tasks, Clusters]:
    groups = [[op for op in c.block.ops if _runs(op)] for c in program.clusters]
    tasks = read_tasks([op for group in groups for op in group], groups, also_reads, sent)
    number = {op: task for task, op in enumerate(tasks.operations)}
    return tasks, [[number[op] for op in group] for group in groups]


def _runs(op: Operation) -> bool:
    return not isinstance(op, SendOp | RecvOp | OutputOp) and not is_immediate(op)


def _messages(program: ProgramOp) -> dict[SSAValue, SSAValue]:
    """By received value the value that is sent, where it comes from if it was received itself."""
    sent: dict[SSAValue, SSAValue] = {
        channel.recv.result: channel.send.value for channel in program.channels
    }

    def origin(value: SSAValue) -> SSAValue:
        while value in sent:
            value = sent[value]
        return value

    return {received: origin(value) for received, value in sent.items()}


def _also_reads(program: ProgramOp) -> dict[Operation, list[SSAValue]]:
    """What operations wait for without using it.

    A receive without readers still orders the operation after it.
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
    sent = _messages(program) if waits_for else {}
    return {op: [sent[recv.result] for recv in recvs] for op, recvs in waits_for.items()}


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
