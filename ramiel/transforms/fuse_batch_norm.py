"""`fuse-batch-norm`: a BatchNormalization after a Conv or Gemm goes into its weights.

With s = scale / √(variance + ε), BatchNormalization(y) = s·y + (bias - s·mean), which the linear
operation before it can do with scaled weights.  Computed in float64, rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.known_values import known_value
from ramiel.remarks import remark
from ramiel.tensors import Array, static_shape
from ramiel.transforms.affine import Affine, fold, linear_before, value_of
from ramiel.transforms.matching import producer
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites
from ramiel.weights import WeightStore


@dataclass(frozen=True)
class FuseBatchNorm(ModulePass):
    """BatchNormalization(Conv(x, w, b), …) -> Conv(x, s·w, s·b + t)."""

    name = "fuse-batch-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [normalize_before_concat, fuse_batch_norm], remove_dead=True)


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
def normalize_before_concat(match: Match) -> None:
    """BatchNormalization(Concat(Conv(x), …), s) = Concat(BatchNormalization(Conv(x), s₁), …)

    s are its parameters, s₁ their elements for the channels of Conv(x), and so on.
    """
    op, concat = match.op, producer(match.op.input(0), "Concat")
    if concat is None or len(op.results) > 1 or concat.integer("axis") != 1:
        return
    convolutions = [producer(value, "Conv") for value in concat.operands]
    parameters = [_parameter(match, op.input(index)) for index in range(1, 5)]
    channels = [static_shape(value.type) for value in concat.operands]
    if None in convolutions:
        return
    parts: list[SSAValue] = []
    end = 0
    for value, shape in zip(concat.operands, channels, strict=True):
        if shape is None or any(array is None for array, _ in parameters):
            return
        start, end = end, end + shape[1]
        own = [match.tensor(array[start:end], n) for array, n in parameters if array is not None]
        epsilon = op.number("epsilon")
        parts.append(match.onnx("BatchNormalization", value, *own, epsilon=epsilon))
    own_attributes = tuple(op.SCHEMA.attributes)
    match.become("Concat", parts, without=own_attributes, results=1, axis=1)


def _parameter(match: Match, value: SSAValue) -> tuple[Array | None, str]:
    """A parameter in its own dtype, None if it is computed, and the name of a part of it."""
    owner = value.owner
    name = f"{owner.weight_name.data}_part" if isinstance(owner, WeightOp) else "parameter"
    return known_value(value, match.store), name


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
