"""`fuse-batch-norm`: a BatchNormalization after a Conv or Gemm goes into its weights.

With s = scale / √(variance + ε), BatchNormalization(y) = s·y + (bias - s·mean), which the linear
operation before it can do with scaled weights.  Computed in float64, rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.remarks import remark
from ramiel.transforms.affine import Affine, fold, linear_before, value_of
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites
from ramiel.weights import WeightStore


@dataclass(frozen=True)
class FuseBatchNorm(ModulePass):
    """BatchNormalization(Conv(x, w, b), …) -> Conv(x, s·w, s·b + t)."""

    name = "fuse-batch-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [fuse_batch_norm], remove_dead=True)


def affine_of(op: OnnxOperation, store: WeightStore) -> Affine | None:
    """What a BatchNormalization in inference does; None if it trains or is not constant."""
    scale, bias, mean, variance = (value_of(op.input(index), store) for index in range(1, 5))
    if op.integer("training_mode") or len(op.results) > 1:
        return None
    if scale is None or bias is None or mean is None or variance is None:
        return None
    factor = scale / np.sqrt(variance + op.number("epsilon"))
    return Affine(factor, bias - mean * factor)


@rewrites("onnx.BatchNormalization")
def fuse_batch_norm(match: Match) -> None:
    """BatchNormalization(Conv(x, w, b), scale, bias, mean, variance) = Conv(x, s·w, s·b + t)

    with s = scale / √(variance + ε) and t = bias - s·mean.
    """
    linear = linear_before(match.op.input(0))
    if linear is None:
        return
    readers = len(list(match.op.input(0).uses))
    if readers != 1:
        remark(f"not fused: the {linear.operator} has {_count(readers)} readers", match.op)
        return
    affine = affine_of(match.op, match.store)
    if affine is None:
        remark("not fused: its weights are not constant, or it trains", match.op)
        return
    refusal = fold(match, linear, affine, match.op.input(2))
    if refusal is not None:
        remark(f"not fused: {refusal}", match.op)


def _count(number: int) -> str:
    return {2: "two", 3: "three"}.get(number, str(number))
