"""Casts between element types."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.errors import RamielError
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

callee("Tensor.to", "input, dtype, /")
callee("Tensor.view_dtype", "input, dtype", "{input}.view({dtype})", view=True)
callee("operators.wrap_to_bits", "x, bits, signed=True", helper="casting.wrap_to_bits")
callee("operators.cast_to_float8", "x, dtype, saturate=True", helper="casting.cast_to_float8")
callee(
    "operators.cast_to_float8_e8m0",
    'x, saturate=True, round_mode="up"',
    helper="casting.cast_to_float8_e8m0",
)
callee(
    "operators.cast_to_small_float",
    "x, mantissa_bits, least_exponent, largest",
    helper="casting.cast_to_small_float",
)

SMALL_FLOATS: dict[str, dict[str, Any]] = {
    "float4_e2m1fn": {"mantissa_bits": 1, "least_exponent": 0, "largest": 6.0},
    "float6_e2m3fn": {"mantissa_bits": 3, "least_exponent": 0, "largest": 7.5},
    "float6_e3m2fn": {"mantissa_bits": 2, "least_exponent": -2, "largest": 28.0},
}
"""Floats without infinities and NaN: bits of the mantissa, exponent of the subnormals, limit."""


@meaning("Identity")
def identity(op: OnnxOperation, emit: Emitter) -> Values:
    """x."""
    return op.input(0)


def convert(
    emit: Emitter, x: SSAValue, dtype: np.dtype[Any], saturate: bool, round_mode: str = "up"
) -> SSAValue:
    """x in another dtype, which must not be x's own if torch only carries that.

    Integers of fewer than 8 bits wrap, float4 and float6 saturate, float8 does unless told not to.
    """
    element = element_types.of_numpy(dtype)
    if dtype.name in SMALL_FLOATS:
        return emit("operators.cast_to_small_float", x, **SMALL_FLOATS[dtype.name])
    if isinstance(element.mlir, IntegerType) and element.carried:
        signed = not dtype.name.startswith("u")
        return emit("operators.wrap_to_bits", x, bits=element.bits, signed=signed)
    if dtype.name == "float8_e8m0fnu":
        return emit("operators.cast_to_float8_e8m0", x, saturate=saturate, round_mode=round_mode)
    if dtype.name.startswith("float8"):
        return emit("operators.cast_to_float8", x, dtype=dtype, saturate=saturate)
    return emit("Tensor.to", x, dtype=dtype)


def _converted(op: OnnxOperation, emit: Emitter, dtype: np.dtype[Any]) -> SSAValue:
    x = op.input(0)
    if emit.dtype(x) == dtype:
        return x
    attributes = op.SCHEMA.attributes
    saturate = "saturate" not in attributes or op.integer("saturate", 1) != 0
    round_mode = op.text("round_mode") if "round_mode" in attributes else "up"
    if round_mode not in ("up", "down", "nearest"):
        emit.refuse(f"has no round_mode {round_mode!r}")
    return convert(emit, x, dtype, saturate, round_mode)


@meaning("Cast")
def cast(op: OnnxOperation, emit: Emitter) -> Values:
    """x in the dtype `to`, which is a name in opset 1."""
    to = op.attribute("to")
    if not isinstance(to, int):
        emit.refuse("needs the number of a data type")
    try:
        dtype = element_types.of_onnx(to).numpy
    except RamielError:
        emit.refuse("is not supported for strings")
    return _converted(op, emit, dtype)


@meaning("CastLike")
def cast_like(op: OnnxOperation, emit: Emitter) -> Values:
    """x in the dtype of another tensor."""
    return _converted(op, emit, emit.dtype(op.input(1)))


@meaning("BitCast")
def bit_cast(op: OnnxOperation, emit: Emitter) -> Values:
    """The same bits in another dtype of the same width."""
    x = op.input(0)
    source = element_types.of_numpy(emit.dtype(x))
    target = element_types.of_onnx(op.integer("to"))
    if source == target:
        return x
    if source.bits != target.bits:
        emit.refuse(f"cannot make {target.numpy} of {source.numpy}: their widths differ")
    if source.carried or target.carried:
        return _bit_cast_carried(emit, x, target.numpy)
    if target.numpy == np.bool_:
        # A byte other than 0 and 1 would make a bool that is neither.
        x = emit("Tensor.view_dtype", x, dtype=np.dtype(np.uint8))
        return emit("Tensor.to", x, dtype=target.numpy)
    return emit("Tensor.view_dtype", x, dtype=target.numpy)


def _bit_cast_carried(emit: Emitter, x: SSAValue, dtype: np.dtype[Any]) -> SSAValue:
    """int4 as uint4, int2 as uint2 and back."""
    if "float" in f"{dtype} {emit.dtype(x)}":
        emit.refuse(f"of {emit.dtype(x)} to {dtype} is not supported")
    return convert(emit, x, dtype, saturate=True)
