"""`outline-constants`: constants that are still operands become weights, made once."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.frontend.names import identifier
from ramiel.locations import inherit_location
from ramiel.tensors import from_dense
from ramiel.weight_files import programs


def _name(constant: ConstantOp) -> str:
    """What it is called; with dots like a weight that it is read with, if both are one module's."""
    hint = constant.result.name_hint or "constant"
    words = hint.split("_")
    for operand in (operand for use in constant.result.uses for operand in use.operation.operands):
        if not isinstance(operand.owner, WeightOp):
            continue
        path, dot, _ = operand.owner.weight_name.data.rpartition(".")
        for start in range(1, len(words) if dot else 0):
            name = f"{path}.{'_'.join(words[start:])}"
            if identifier(name) == hint:
                return name
    return hint


@dataclass(frozen=True)
class OutlineConstants(ModulePass):
    """dataflow.constant dense<…> -> dataflow.weight "name", its values in the overlay."""

    name = "outline-constants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs(op):
            for constant in list(program.block.walk()):
                if not isinstance(constant, ConstantOp):
                    continue
                name = program.store.add(_name(constant), from_dense(constant.value))
                weight = WeightOp(name, constant.result.type)
                inherit_location(constant, weight)
                Rewriter.replace_op(constant, weight)
