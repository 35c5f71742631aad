"""Which operations do the same in each call: those of recorded clusters."""

from __future__ import annotations

from xdsl.ir import Block, Operation

from ramiel.dialects.dataflow import ConstantOp, OutputOp, WeightOp
from ramiel.dialects.task import OutputOp as TaskOutputOp
from ramiel.dialects.task import RecvOp, SendOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.tensors import static_shape

AROUND = (ConstantOp, WeightOp, PrepareOp, SendOp, RecvOp, OutputOp, TaskOutputOp)


def is_recordable(block: Block) -> bool:
    """Whether each call is as any other but for the numbers in the tensors.

    Calls without effects, from shapes that are known to shapes that are known, with prepared
    weights, which never change.
    """
    operations = list(block.ops)
    return any(isinstance(op, PrepareOp) for op in operations) and all(map(_is_fixed, operations))


def _is_fixed(op: Operation) -> bool:
    if isinstance(op, CallOp):
        shapes = [static_shape(value.type) for value in (*op.operands, *op.results)]
        return op.callee.pure and None not in shapes
    return isinstance(op, AROUND)
