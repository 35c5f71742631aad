"""`duplicate-tasks`: an operation runs again in a cluster that waits for its result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import is_side_effect_free

from ramiel.costs.machine import machine_of
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.duplication import Duplication, duplicate_tasks
from ramiel.scheduling.simulator import Timeline, simulate
from ramiel.transforms.clone import CLONE
from ramiel.transforms.clustered_tasks import ClusteredTasks, take_apart
from ramiel.transforms.task_graph import message_cost, read_tasks
from ramiel.transforms.task_program import SERIAL, replace_program


@dataclass(frozen=True)
class DuplicateTasks(ModulePass):
    """Copy operations to the clusters that wait for them, as long as the makespan falls.

    An operation without readers in its own cluster is not copied but moved.  Operations with side
    effects, random ones among them, stay as they are.  Channels that nobody needs are gone.

    Args:
        max_copies: of one operation, beside itself.
        min_gain_percent: leave a program as it is if its makespan would fall by less than this.
        message_ns: what a message between two workers costs; None for what the attribute
            `machine` of the program says, else 10 µs; 0 where no operation has a cost.
        message_ns_per_byte: what it costs beside that for each byte; None as for message_ns.

    Raises RamielError for a negative option and for a bad cost.
    """

    name = "duplicate-tasks"
    max_copies: int = 4
    min_gain_percent: int = 0
    message_ns: int | None = None
    message_ns_per_byte: float | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.max_copies < 0:
            raise RamielError(
                f"duplicate-tasks: max-copies must be at least 0, not {self.max_copies}"
            )
        for program in [nested for nested in op.walk() if isinstance(nested, ProgramOp)]:
            if any(cluster.cores != 1 for cluster in program.clusters):
                remark("not duplicated: it has clusters that are wider than one core", program)
                continue
            self.duplicate(program)

    def duplicate(self, program: ProgramOp) -> None:
        """Replace one program by the one with copies."""
        clustered = take_apart(program)
        tasks = clustered.tasks
        machine = machine_of(program)
        message = message_cost(self.message_ns, tasks, self.message_ns_per_byte, machine)
        found = duplicate_tasks(
            tasks.graph,
            clustered.clusters,
            message,
            self.max_copies,
            fixed=_tasks_to_run_once(clustered),
            kept={tasks.producer[value] for value in clustered.outputs if value in tasks.producer},
            machine=machine,
        )
        before = simulate(tasks.graph, clustered.clusters, message, machine)
        clusters = [items for items in found.clusters if items]
        after = simulate(found.graph, clusters, message, machine)
        if after.makespan * 100 > before.makespan * (100 - self.min_gain_percent):
            replace_program(program, tasks, clustered.clusters, clustered.outputs, before)
            return
        written = _write(program, clustered, replace(found, clusters=clusters), after)
        if SERIAL in written.attributes:
            written.attributes[SERIAL] = IntegerAttr(before.serial, i64)  # without copies


def _tasks_to_run_once(clustered: ClusteredTasks) -> set[int]:
    """Those with side effects, and those that an order without data binds to their place."""
    tasks, bound = clustered.tasks, clustered.also_reads
    awaited = {
        tasks.producer[v] for values in bound.values() for v in values if v in tasks.producer
    }
    return awaited | {
        task
        for task, op in enumerate(tasks.operations)
        if op in bound or not is_side_effect_free(op)
    }


def _write(
    program: ProgramOp, clustered: ClusteredTasks, found: Duplication, timeline: Timeline
) -> ProgramOp:
    operations = _instances(clustered, found)
    groups = [[operations[item] for item in tasks] for tasks in found.clusters]
    copied = read_tasks(operations, groups, clustered.also_reads)
    return replace_program(program, copied, found.clusters, clustered.outputs, timeline)


def _instances(clustered: ClusteredTasks, found: Duplication) -> list[Operation]:
    """The operation of each task: itself, or for the second of a kind and so on a copy."""
    originals = clustered.tasks.operations
    marks = count(1 + max((_mark(op) for op in originals), default=0))
    operations: list[Operation] = []
    seen: set[int] = set()
    for task in found.originals:
        op = originals[task]
        if task in seen:
            copy = op.clone()
            copy.attributes[CLONE] = IntegerAttr(next(marks), i64)
            copy.location = op.location
            op = copy
        seen.add(task)
        operations.append(op)
    for item, op in enumerate(operations):
        _read_from(op, item, operations, clustered, found)
    return operations


def _mark(op: Operation) -> int:
    mark = op.attributes.get(CLONE)
    return mark.value.data if isinstance(mark, IntegerAttr) else 0


def _read_from(
    op: Operation,
    item: int,
    operations: list[Operation],
    clustered: ClusteredTasks,
    found: Duplication,
) -> None:
    """Let an operation read the results of the instances that the schedule gives it."""
    values: dict[SSAValue, SSAValue] = {}
    for source in found.graph.predecessors[item]:
        original = clustered.tasks.operations[found.originals[source]]
        values.update(zip(original.results, operations[source].results, strict=True))
    for nested in op.walk():
        operands = tuple(values.get(operand, operand) for operand in nested.operands)
        if operands != tuple(nested.operands):
            nested.operands = operands
