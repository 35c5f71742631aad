"""`fuse-affine`: a constant factor or summand for each channel goes into the convolution before it.

So for ConvTranspose and Gemm.  Exporters that take a BatchNormalization to pieces leave a Mul and
an Add; others write a bias as an Add.  Computed in float64, rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import Array, dims_of
from ramiel.transforms.affine import Affine, channels_of, fold, linear_before, value_of
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites


@dataclass(frozen=True)
class FuseAffine(ModulePass):
    """Add(Mul(Conv(x, w, b), c), d) -> Conv(x, c·w, c·b + d)."""

    name = "fuse-affine"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [factor_of_linear, summand_of_linear], remove_dead=True)


@rewrites("onnx.Mul", "onnx.Div")
def factor_of_linear(match: Match) -> None:
    """Conv(x, w, b) · c = Conv(x, c·w, c·b), for c constant in each channel; so Conv(…) / c"""
    order = (0,) if match.op.operator == "Div" else (0, 1)
    for index in order:
        found = _constant_beside(match, index)
        if found is None:
            continue
        linear, constant, value = found
        if match.op.operator == "Div" and not value.all():
            return
        scale = 1 / value if match.op.operator == "Div" else value
        fold(match, linear, Affine(scale, None), constant)
        return


@rewrites("onnx.Add", "onnx.Sub")
def summand_of_linear(match: Match) -> None:
    """Conv(x, w, b) + c = Conv(x, w, b + c), for c constant in each channel

    Conv(x, w, b) - c = Conv(x, w, b - c);  c - Conv(x, w, b) = Conv(x, -w, c - b)
    """
    for index in (0, 1):
        found = _constant_beside(match, index)
        if found is None:
            continue
        linear, constant, value = found
        one = np.ones_like(value)
        if match.op.operator == "Sub":
            affine = Affine(one, -value) if index == 0 else Affine(-one, value)
        else:
            affine = Affine(one, value)
        fold(match, linear, affine, constant)
        return


def _constant_beside(match: Match, index: int) -> tuple[OnnxOperation, SSAValue, Array] | None:
    """The linear operation at that operand with no other reader, and the other operand: a constant.

    The constant has one element for each channel, in float64.
    """
    y, constant = match.op.input(index), match.op.input(1 - index)
    linear = linear_before(y)
    if linear is None or not y.has_one_use() or match.dtype(y).kind != "f":
        return None
    weight, value = value_of(linear.input(1), match.store), value_of(constant, match.store)
    rank = len(dims_of(y.type) or ())
    if weight is None or value is None or value.ndim > rank:
        return None
    channels = channels_of(linear, weight)
    shape = (1,) * (rank - value.ndim) + value.shape
    if shape[1] not in (1, channels) or any(size != 1 for size in (*shape[:1], *shape[2:])):
        return None
    return linear, constant, np.broadcast_to(value.reshape(-1), (channels,))
