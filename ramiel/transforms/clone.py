"""`clone`: a cheap operation with several readers is copied to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import is_side_effect_free

from ramiel.costs.machine import machine_of
from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.cloning import CloningLimits, plan_cloning
from ramiel.scheduling.task_graph import Edge, TaskGraph
from ramiel.tensors import byte_size
from ramiel.transforms.task_graph import cost_of, is_task, values_read

CLONE = "clone"
"""The mark of a copy: its number, from 1 on, which differs so that cse keeps the copies apart."""
BYTES_PER_NS = 10
"""What one core reads and writes, about."""


@dataclass(frozen=True)
class Clone(ModulePass):
    """The limited cloning of Das and Rauchwerger (arXiv 2308.11192), before clusters are known.

    Args:
        max_cost: the cost in ns up to which an operation is cheap; None for a fifth of a message,
            of which the graph's attribute `machine` says the cost, and how much longer copies
            take that run at the same time.
        max_copies: how many copies one operation may get beside itself.

    An operation without a cost is judged by the bytes that it reads and writes, and is dear if
    it reads a weight.  Raises RamielError for a bad cost or limit.
    """

    name = "clone"
    max_cost: int | None = None
    max_copies: int = CloningLimits().max_copies

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in [nested for nested in op.walk() if isinstance(nested, GraphOp)]:
            max_cost = self.max_cost if self.max_cost is not None else cheap(graph)
            try:
                limits = CloningLimits(max_cost, self.max_copies)
            except ValueError as error:
                raise RamielError(f"clone: {error}") from None
            clone_in_graph(graph, limits)


def cheap(graph: GraphOp) -> int:
    """The ns up to which an operation is cheap: two at the same time take a fifth of a message."""
    machine = machine_of(graph)
    if machine is None:
        return CloningLimits().max_cost
    return int(machine.message.latency_ns / (5 * machine.slowdown_of(2)))


def clone_in_graph(graph: GraphOp, limits: CloningLimits) -> None:
    """Copy the cheap operations of a graph to their readers; say which were left, and why."""
    operations = [op for op in graph.block.ops if is_task(op)]
    number: dict[Operation, tuple[int, int]] = {op: (i, 0) for i, op in enumerate(operations)}
    edges: list[Edge] = [
        (number[value.owner][0], task, byte_size(value.type))
        for task, op in enumerate(operations)
        for value in values_read(op)
        if isinstance(value.owner, Operation) and value.owner in number
    ]
    fixed = {
        i
        for i, op in enumerate(operations)
        if not is_side_effect_free(op) or isinstance(op.results[0].type, IndexType)
    }
    costs = [_cost(op, dear=limits.max_cost + 1) for op in operations]
    plan = plan_cloning(TaskGraph(costs, edges), limits, fixed)
    for task, reason in sorted(plan.refused.items()):
        remark(f"not cloned: {reason}", operations[task])
    # From the end on, so that the copies of a reader are readers of what is copied next.
    for task in reversed(range(len(operations))):
        if plan.copies[task]:
            _copy_to_readers(operations[task], number)


def _cost(op: Operation, dear: int) -> int:
    costs = cost_of(op)
    if costs is not None:
        return costs[0]
    values = values_read(op)
    if any(isinstance(value.owner, WeightOp) for value in values):
        return dear
    return sum(byte_size(value.type) for value in (*values, *op.results)) // BYTES_PER_NS


def _copy_to_readers(op: Operation, number: dict[Operation, tuple[int, int]]) -> None:
    """f(x) with readers g and h == f(x) for g, a copy of f(x) for h.

    `number` orders the operations and their copies; the outputs of the graph keep the original.
    """
    readers: set[Operation] = set()
    for result in op.results:
        for use in result.uses:
            reader = _task_of(use.operation, number)
            if reader is not None:
                readers.add(reader)
    block = op.parent
    assert block is not None
    last = op
    for index, reader in enumerate(sorted(readers, key=number.__getitem__)[1:], start=1):
        copy = op.clone()
        copy.attributes[CLONE] = IntegerAttr(index, i64)
        copy.location = op.location
        number[copy] = (number[op][0], index)
        block.insert_op_after(copy, last)
        last = copy
        copied: dict[SSAValue, SSAValue] = dict(zip(op.results, copy.results, strict=True))
        for nested in reader.walk():
            nested.operands = tuple(copied.get(value, value) for value in nested.operands)


def _task_of(op: Operation, number: dict[Operation, tuple[int, int]]) -> Operation | None:
    """The task that an operation is or is inside of; None for the output of the graph."""
    current: Operation | None = op
    while current is not None and current not in number:
        current = current.parent_op()
    return current
