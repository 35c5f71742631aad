"""`record-clusters`: clusters whose calls may be replayed without the interpreter."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from ramiel.dialects.task import RECORDED, ClusterOp
from ramiel.recordable import is_recordable


@dataclass(frozen=True)
class RecordClusters(ModulePass):
    """Mark clusters that do the same with tensors of the same shapes in each call."""

    name = "record-clusters"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for cluster in [nested for nested in op.walk() if isinstance(nested, ClusterOp)]:
            if is_recordable(cluster.block):
                cluster.attributes[RECORDED] = UnitAttr()
