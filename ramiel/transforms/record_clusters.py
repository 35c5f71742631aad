"""`record-clusters`: clusters whose calls may be replayed without the interpreter."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.task import RECORDED, ClusterOp, OutputOp, RecvOp, SendOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.tensors import static_shape


@dataclass(frozen=True)
class RecordClusters(ModulePass):
    """Mark clusters that do the same with tensors of the same shapes in each call.

    Of operations without effects, from shapes that are known to shapes that are known.  Only those
    with prepared weights, which never change.
    """

    name = "record-clusters"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for cluster in [nested for nested in op.walk() if isinstance(nested, ClusterOp)]:
            if is_recordable(cluster):
                cluster.attributes[RECORDED] = UnitAttr()


def is_recordable(cluster: ClusterOp) -> bool:
    """Whether each call is as any other but for the numbers in the tensors."""
    operations = list(cluster.block.ops)
    return any(isinstance(op, PrepareOp) for op in operations) and all(map(_is_fixed, operations))


def _is_fixed(op: Operation) -> bool:
    if isinstance(op, CallOp):
        shapes = [static_shape(value.type) for value in (*op.operands, *op.results)]
        return op.callee.pure and None not in shapes
    return isinstance(op, WeightOp | ConstantOp | PrepareOp | SendOp | RecvOp | OutputOp)
