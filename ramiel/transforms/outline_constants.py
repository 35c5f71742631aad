"""`outline-constants`: constants that are still operands become weights, made once."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.locations import inherit_location
from ramiel.tensors import from_dense
from ramiel.weight_files import programs


@dataclass(frozen=True)
class OutlineConstants(ModulePass):
    """dataflow.constant dense<…> -> dataflow.weight "name", its values in the overlay."""

    name = "outline-constants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs(op):
            for constant in list(program.block.walk()):
                if not isinstance(constant, ConstantOp):
                    continue
                hint = constant.result.name_hint or "constant"
                name = program.store.add(hint, from_dense(constant.value))
                weight = WeightOp(name, constant.result.type)
                inherit_location(constant, weight)
                Rewriter.replace_op(constant, weight)
