"""`fuse-batch-norm`: a BatchNormalization after a Conv or Gemm goes into its weights.

With s = scale / √(variance + ε), BatchNormalization(y) = s·y + (bias - s·mean), which the linear
operation before it can do with scaled weights.  Computed in float64, rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.remarks import remark
from ramiel.tensors import Array, from_dense
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites
from ramiel.weights import WeightStore


@dataclass(frozen=True)
class FuseBatchNorm(ModulePass):
    """BatchNormalization(Conv(x, w, b), …) -> Conv(x, s·w, s·b + t)."""

    name = "fuse-batch-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [fuse_batch_norm], remove_dead=True)


class Affine(NamedTuple):
    """y ↦ scale·y + shift for each channel, in float64."""

    scale: Array
    shift: Array


def _value(value: SSAValue | None, store: WeightStore) -> Array | None:
    match value.owner if value is not None else None:
        case ConstantOp(value=dense):
            return from_dense(dense).astype(np.float64)
        case WeightOp(weight_name=name):
            return store[name.data].astype(np.float64)
        case _:
            return None


def affine_of(op: OnnxOperation, store: WeightStore) -> Affine | None:
    """What a BatchNormalization in inference does; None if it trains or is not constant."""
    scale, bias, mean, variance = (_value(op.input(index), store) for index in range(1, 5))
    if op.integer("training_mode") or len(op.results) > 1:
        return None
    if scale is None or bias is None or mean is None or variance is None:
        return None
    factor = scale / np.sqrt(variance + op.number("epsilon"))
    return Affine(factor, bias - mean * factor)


def _scaled_conv(op: OnnxOperation, weight: Array, scale: Array) -> Array:
    """Channels of the result stand first: (M, C/group, …)."""
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1))


def _scaled_conv_transpose(op: OnnxOperation, weight: Array, scale: Array) -> Array:
    """(C, M/group, …): channel g·M/group + m of the result is column m of group g."""
    groups = op.integer("group")
    split = weight.reshape(groups, -1, *weight.shape[1:])
    factors = scale.reshape(groups, 1, -1, *[1] * (weight.ndim - 2))
    return (split * factors).reshape(weight.shape)


def _scaled_gemm(op: OnnxOperation, weight: Array, scale: Array) -> Array:
    """(K, N), or (N, K) if it is transposed."""
    return weight * (scale.reshape(-1, 1) if op.integer("transB") else scale)


_SCALED: dict[str, Callable[[OnnxOperation, Array, Array], Array]] = {
    "onnx.Conv": _scaled_conv,
    "onnx.ConvTranspose": _scaled_conv_transpose,
    "onnx.Gemm": _scaled_gemm,
}


@rewrites("onnx.BatchNormalization")
def fuse_batch_norm(match: Match) -> None:
    """BatchNormalization(Conv(x, w, b), scale, bias, mean, variance) = Conv(x, s·w, s·b + t)

    with s = scale / √(variance + ε) and t = bias - s·mean.
    """
    linear = match.op.input(0).owner
    if not isinstance(linear, OnnxOperation) or linear.name not in _SCALED:
        return
    readers = len(list(match.op.input(0).uses))
    if readers != 1:
        remark(f"not fused: the {linear.operator} has {_count(readers)} readers", match.op)
        return
    affine = affine_of(match.op, match.store)
    weight = _value(linear.input(1), match.store)
    bias = _value(linear.optional_input(2), match.store)
    if affine is None or weight is None:
        remark("not fused: its weights are not constant, or it trains", match.op)
        return
    if linear.optional_input(2) is not None and bias is None:
        remark(f"not fused: the bias of the {linear.operator} is not constant", match.op)
        return
    scaled = _SCALED[linear.name](linear, weight, affine.scale)
    beta = linear.number("beta") if linear.operator == "Gemm" else 1.0
    shifted = affine.shift if bias is None else beta * bias * affine.scale + affine.shift
    _replace(match, linear, scaled, shifted)


def _count(number: int) -> str:
    return {2: "two", 3: "three"}.get(number, str(number))


def _replace(match: Match, linear: OnnxOperation, weight: Array, bias: Array) -> None:
    old = linear.input(1)
    dtype = match.dtype(old)
    with np.errstate(over="ignore"):
        arrays = weight.astype(dtype), bias.astype(dtype)
    if not all(np.isfinite(array).all() for array in arrays):
        remark(f"not fused: the weights would overflow {dtype}", match.op)
        return
    names = _names(match, linear)
    operands = [match.tensor(a, name) for a, name in zip(arrays, names, strict=True)]
    attributes = {
        name: linear.properties[name]
        for name in linear.SCHEMA.attributes
        if name in linear.properties
    }
    if linear.operator == "Gemm":
        attributes.pop("beta", None)
    cls = operation_class(linear.operator)
    assert cls is not None
    fused = cls.build([linear.input(0), *operands], [match.op.results[0].type], attributes)
    fused.location = linear.location
    fused.attributes.update(linear.attributes)
    match.insert(fused)
    match.replace_by(fused.results[0])
    fused.results[0].name_hint = linear.results[0].name_hint


def _names(match: Match, linear: OnnxOperation) -> tuple[str, str]:
    """Names after the originals: "conv1.weight_fused" and "conv1.bias_fused".

    The bias of the normalization gives the name only if the weight's does not end in "weight":
    exporters let normalizations with equal biases share one.
    """
    bias = linear.optional_input(2) or match.op.input(2)
    weight, bias = (
        value.owner.weight_name.data
        if isinstance(value.owner, WeightOp)
        else value.name_hint or "constant"
        for value in (linear.input(1), bias)
    )
    if weight.endswith("weight"):
        bias = f"{weight.removesuffix('weight')}bias"
    return f"{weight}_fused", f"{bias}_fused"
