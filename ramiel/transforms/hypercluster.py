"""`hypercluster`: several independent samples on the workers of one program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import Attribute, Block, Region
from xdsl.passes import ModulePass

from ramiel.costs.machine import machine_of
from ramiel.dialects.task import ProgramOp, RecvOp, RunOp, StageOp, WorkerOp
from ramiel.dialects.task_workers import BATCH_INPUTS, SAMPLES
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.hyperclusters import (
    HyperSchedule,
    Stages,
    lay_out_samples,
    split_into_stages,
)
from ramiel.scheduling.simulator import simulate
from ramiel.tensors import Dim, dims_of
from ramiel.transforms.clustered_tasks import take_apart
from ramiel.transforms.task_graph import Tasks, is_immediate, message_cost
from ramiel.transforms.task_program import MAKESPAN, SERIAL, replace_program


@dataclass(frozen=True)
class Hypercluster(ModulePass):
    """Lay `batch` samples of each task.program over its workers, to fill each other's waits.

    The clusters stay as they are, once, but are cut into stages; workers say who runs which stage
    for which sample.  Axis 0 is the batch: the first input with a rank decides its size in one
    sample, and every input that has this size there is split, `batch` times as long in a call;
    the others are shared by all samples.  Outputs are joined along axis 0.

    Args:
        batch: how many samples.
        switched: sample k's cluster i goes to worker (i + k) mod workers, to even out the load.
        shared: names of inputs that all samples share whatever their shape.
        message_ns: what a message between two workers costs; None for what the attribute
            `machine` of the program says, else 10 µs; 0 where no operation has a cost.
        message_ns_per_byte: what it costs beside that for each byte; None as for message_ns.

    Raises RamielError for less than one sample, an unknown input, an output without a batch axis,
    and, if `switched`, for operations with side effects, which would lose their order.
    """

    name = "hypercluster"
    batch: int = 2
    switched: bool = False
    shared: tuple[str, ...] = ()
    message_ns: int | None = None
    message_ns_per_byte: float | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.batch < 1:
            raise RamielError(f"hypercluster: batch must be at least 1, not {self.batch}")
        for program in [nested for nested in op.walk() if isinstance(nested, ProgramOp)]:
            if any(cluster.cores != 1 for cluster in program.clusters):
                remark("no hyperclusters: it has clusters wider than one core", program)
            else:
                self.lay_out(program)

    def lay_out(self, program: ProgramOp) -> None:
        """Replace one program by that for all samples."""
        split = batch_inputs(program, self.shared)
        clustered = take_apart(program)
        tasks, clusters = clustered.tasks, clustered.clusters
        if self.switched and any(tasks.ordered):
            raise RamielError(
                "hypercluster: operations with side effects of different samples would run side by "
                "side if switched; leave switched out"
            )
        machine = machine_of(program)
        message = message_cost(self.message_ns, tasks, self.message_ns_per_byte, machine)
        stages = split_into_stages(tasks.graph, clusters)
        schedule = lay_out_samples(tasks.graph, stages, message, self.batch, self.switched, machine)
        one = simulate(tasks.graph, clusters, message, machine)
        written = replace_program(program, tasks, clusters, clustered.outputs, one)
        _mark_stages(tasks, stages)
        _add_workers(written, schedule)
        written.attributes[SAMPLES] = IntegerAttr(self.batch, i64)
        written.attributes[BATCH_INPUTS] = ArrayAttr([IntegerAttr(i, i64) for i in split])
        if SERIAL in written.attributes:
            timeline = schedule.timeline
            written.attributes[SERIAL] = IntegerAttr(timeline.serial, i64)
            written.attributes[MAKESPAN] = IntegerAttr(timeline.makespan, i64)


def batch_inputs(program: ProgramOp, shared: Sequence[str] = ()) -> list[int]:
    """The positions of the inputs that are split.  Raises RamielError, see `Hypercluster`."""
    names = program.argument_names()
    for name in shared:
        if name not in names:
            raise RamielError(f"hypercluster: there is no input {name!r} to share")
    first = [
        None if name in shared else _first_dim(argument.type)
        for name, argument in zip(names, program.arguments, strict=True)
    ]
    size = next((dim for dim in first if dim not in (None, "")), None)
    if size is None:
        raise RamielError("hypercluster: no input has a batch axis, so the samples would be equal")
    for name, type in zip(program.result_names(), program.function_type.outputs, strict=True):
        if _first_dim(type) != size:
            raise RamielError(
                f"hypercluster: output {name!r} has no batch axis: axis 0 is not {size} as in the "
                "inputs, so the samples' results cannot be joined"
            )
    return [position for position, dim in enumerate(first) if dim == size]


def _first_dim(type: Attribute) -> Dim | None:
    dims = dims_of(type)
    return dims[0] if dims else None


def _mark_stages(tasks: Tasks, stages: Stages) -> None:
    """Put `task.stage` before each stage but the first, its receives and weights included."""
    for cut in stages:
        for stage in cut[1:]:
            op = tasks.operations[stage[0]]
            block = op.parent
            assert block is not None
            while op.prev_op is not None and (
                isinstance(op.prev_op, RecvOp) or is_immediate(op.prev_op)
            ):
                op = op.prev_op
            block.insert_op_before(StageOp(), op)


def _add_workers(program: ProgramOp, schedule: HyperSchedule) -> None:
    names = [cluster.sym_name.data for cluster in program.clusters]
    for index, runs in enumerate(schedule.workers):
        block = Block(RunOp(names[run.cluster], run.stage, run.sample) for run in runs)
        program.block.add_op(WorkerOp(f"worker_{index}", Region(block)))
