"""`form-swish`: the operations that exporters write a swish as become one."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import shortest
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites
from ramiel_swish.dialect import SwishOp


def onnx_operation(value: SSAValue, operator: str) -> OnnxOperation | None:
    """The operation that computes a value, if it is this ONNX operator."""
    owner = value.owner
    return owner if isinstance(owner, OnnxOperation) and owner.operator == operator else None


def factor(match: Match, value: SSAValue, x: SSAValue) -> float | None:
    """The β for which the value is β·x, None if there is none."""
    if value is x:
        return 1.0
    product = onnx_operation(value, "Mul")
    if product is None:
        return None
    for first, second in ((0, 1), (1, 0)):
        beta = match.constant(product.input(second))
        if product.input(first) is x and beta is not None and beta.size == 1:
            return float(shortest(beta.reshape(-1)[0]))
    return None


@rewrites("onnx.Mul")
def swish(match: Match) -> None:
    """Mul(x, Sigmoid(Mul(x, β))) = swish(x, β)"""
    for first, second in ((0, 1), (1, 0)):
        x = match.op.input(first)
        sigmoid = onnx_operation(match.op.input(second), "Sigmoid")
        beta = factor(match, sigmoid.input(0), x) if sigmoid is not None else None
        if beta is not None and x.type == match.op.results[0].type:
            match.replace_by(*match.insert(SwishOp(x, beta)))
            return


@dataclass(frozen=True)
class FormSwish(ModulePass):
    """Forms swish.swish from onnx.Sigmoid and onnx.Mul."""

    name = "form-swish"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [swish], remove_dead=True)
