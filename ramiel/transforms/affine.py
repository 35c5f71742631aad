"""y ↦ scale·y + shift for each channel, and how the linear operation before takes it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.known_values import known_value
from ramiel.tensors import Array
from ramiel.transforms.rewriting import Match
from ramiel.weights import WeightStore


class Affine(NamedTuple):
    """y ↦ scale·y + shift for each channel, in float64; no shift adds nothing."""

    scale: Array
    shift: Array | None


def value_of(value: SSAValue | None, store: WeightStore) -> Array | None:
    """A constant or weight in float64, None for what is computed."""
    found = known_value(value, store)
    return None if found is None else found.astype(np.float64)


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


SCALED: dict[str, Callable[[OnnxOperation, Array, Array], Array]] = {
    "onnx.Conv": _scaled_conv,
    "onnx.ConvTranspose": _scaled_conv_transpose,
    "onnx.Gemm": _scaled_gemm,
}
"""The linear operations, and their weights for results that are scaled."""


def linear_before(value: SSAValue) -> OnnxOperation | None:
    """The linear operation that computes a value."""
    op = value.owner
    return op if isinstance(op, OnnxOperation) and op.name in SCALED else None


def channels_of(op: OnnxOperation, weight: Array) -> int:
    """The channels of a linear operation's result."""
    if op.operator == "Conv":
        return weight.shape[0]
    if op.operator == "ConvTranspose":
        return weight.shape[1] * op.integer("group")
    return weight.shape[0] if op.integer("transB") else weight.shape[1]


def fold(match: Match, linear: OnnxOperation, affine: Affine, named: SSAValue) -> str | None:
    """Let the linear operation do what the matched one does; why not, where that cannot be.

    `named` gives the bias its name where there was none.
    """
    weight, given = value_of(linear.input(1), match.store), linear.optional_input(2)
    bias = value_of(given, match.store)
    if weight is None:
        return "its weights are not constant, or it trains"
    if given is not None and bias is None:
        return f"the bias of the {linear.operator} is not constant"
    dtype = match.dtype(linear.input(1))
    arrays = [SCALED[linear.name](linear, weight, affine.scale)]
    beta = linear.number("beta") if linear.operator == "Gemm" else 1.0
    shifted = affine.shift
    if bias is not None:
        shifted = beta * bias * affine.scale + (0.0 if shifted is None else shifted)
    if shifted is not None:
        arrays.append(shifted)
    with np.errstate(over="ignore"):
        rounded = [array.astype(dtype) for array in arrays]
    if not all(np.isfinite(array).all() for array in rounded):
        return f"the weights would overflow {dtype}"
    names = _names(linear, given or named)
    operands = [match.tensor(a, name) for a, name in zip(rounded, names, strict=False)]
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
    return None


def _names(linear: OnnxOperation, bias: SSAValue) -> tuple[str, str]:
    """Names after the originals: "conv1.weight_fused" and "conv1.bias_fused".

    What comes after gives the bias its name only if the weight's does not end in "weight":
    exporters let normalizations with equal biases share one.
    """
    weight, name = (
        value.owner.weight_name.data
        if isinstance(value.owner, WeightOp)
        else value.name_hint or "constant"
        for value in (linear.input(1), bias)
    )
    if weight.endswith("weight"):
        name = f"{weight.removesuffix('weight')}bias"
    return f"{weight}_fused", f"{name}_fused"
