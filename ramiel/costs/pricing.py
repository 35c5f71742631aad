"""The cost of any operation from a price for each torch.call."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation

from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import IfOp, LoopOp
from ramiel.operators.emitter import Unsupported
from ramiel.tensors import byte_size, dims_of
from ramiel.transforms.lowering import lower, needs_lowering
from ramiel.weights import WeightStore

Price = Callable[[CallOp], int]
"""The ns of one call."""

UNKNOWN_TRIPS = 8
"""Iterations of a loop whose number is not known when compiling."""


def operation_cost(op: Operation, store: WeightStore, price: Price, control: int) -> int | None:
    """The ns of an operation, None if it has no meaning in PyTorch; `control` is that of a branch.

    An if costs its dearer branch, a loop its body as often as it runs.  An operation that is not
    lowered yet costs what it will be lowered to.  Arithmetic with Python's integers is free.
    """
    if isinstance(op, CallOp):
        free = all(isinstance(result.type, IndexType) for result in op.results)
        return 0 if free else price(op)
    if isinstance(op, IfOp):
        branches = [_block_cost(region.block, store, price, control) for region in op.regions]
        return control + max(branches)
    if isinstance(op, LoopOp):
        trips = op.count if op.count is not None else UNKNOWN_TRIPS
        return control + trips * _block_cost(op.block, store, price, control)
    if not needs_lowering(op):
        return None
    try:
        emitted, _ = lower(op, store)
    except Unsupported:
        return None
    cost = sum(operation_cost(call, store, price, control) or 0 for call in emitted)
    for call in emitted:
        # The graph's values must not keep them as readers.
        call.drop_all_references()
    return cost


def _block_cost(block: Block, store: WeightStore, price: Price, control: int) -> int:
    return sum(operation_cost(op, store, price, control) or 0 for op in block.ops)


def arithmetic(op: CallOp) -> int:
    """Floating-point operations; one for each element unless the callee says more.

    Unknown dimensions count as 1.
    """
    if op.callee.flops is not None:
        return op.callee.flops(op)
    shapes = [dims_of(result.type) or [] for result in op.results]
    return sum(prod(dim for dim in shape if isinstance(dim, int)) for shape in shapes)


def traffic(op: CallOp) -> int:
    """Bytes that are read and written, each operand and result once."""
    return sum(byte_size(value.type) for value in (*op.operands, *op.results))
