"""`estimate-cost`: how long each operation takes, in nanoseconds on one core.

The static model needs no hardware and gives the same integers everywhere: a fixed price for each
call, plus the larger of what its arithmetic and what its memory traffic take.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp, Immediate
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import IfOp, LoopOp
from ramiel.errors import RamielError
from ramiel.operators.emitter import Unsupported
from ramiel.tensors import byte_size, dims_of
from ramiel.transforms.lowering import lower, needs_lowering
from ramiel.transforms.task_graph import LONGEST
from ramiel.weights import WeightStore

CALL_NS = 4_000
"""Python and PyTorch's dispatcher, for a call that computes."""
VIEW_NS = 1_000
"""A call that only makes a view."""
FLOPS_PER_NS = 50
"""What convolutions and matrix products reach on one core."""
BYTES_PER_NS = 8
"""Memory bandwidth of one core."""

UNKNOWN_TRIPS = 8
"""Iterations of a loop whose number is not known when compiling."""


@dataclass(frozen=True)
class EstimateCost(ModulePass):
    """Attaches `cost = [ns]` to each operation of each graph that has none yet."""

    name = "estimate-cost"

    model: str = "static"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.model != "static":
            raise RamielError(f"no cost model {self.model!r}; there is: static")
        for graph in op.ops:
            if not isinstance(graph, GraphOp):
                continue
            for task in graph.block.ops:
                if task is graph.output or task.has_trait(Immediate) or "cost" in task.attributes:
                    continue
                cost = static_cost(task, graph.store)
                if cost is not None:
                    task.attributes["cost"] = ArrayAttr([IntegerAttr(min(cost, LONGEST), i64)])


def static_cost(op: Operation, store: WeightStore) -> int | None:
    """Nanoseconds of an operation on one core; None if it has no meaning in PyTorch.

    An operation that is not lowered yet costs what it will be lowered to.
    """
    if isinstance(op, CallOp):
        return call_cost(op)
    if isinstance(op, IfOp):
        return CALL_NS + max(block_cost(region.block, store) for region in op.regions)
    if isinstance(op, LoopOp):
        return CALL_NS + (op.count or UNKNOWN_TRIPS) * block_cost(op.block, store)
    if not needs_lowering(op):
        return None
    try:
        emitted, _ = lower(op, store)
    except Unsupported:
        return None
    cost = sum(static_cost(call, store) or 0 for call in emitted)
    for call in emitted:
        # The graph's values must not keep them as readers.
        call.drop_all_references()
    return cost


def block_cost(block: Block, store: WeightStore) -> int:
    """Nanoseconds of all operations of a region's block."""
    return sum(static_cost(op, store) or 0 for op in block.ops)


def call_cost(op: CallOp) -> int:
    """Nanoseconds of one torch.call; unknown dimensions count as 1."""
    callee = op.callee
    if callee.view:
        return VIEW_NS
    moved = sum(byte_size(value.type) for value in (*op.operands, *op.results))
    flops = callee.flops(op) if callee.flops is not None else _elements(op)
    return CALL_NS + max(flops // FLOPS_PER_NS, moved // BYTES_PER_NS)


def _elements(op: Operation) -> int:
    """How many numbers the operation computes."""
    shapes = [dims_of(result.type) or [] for result in op.results]
    return sum(prod(dim for dim in shape if isinstance(dim, int)) for shape in shapes)
