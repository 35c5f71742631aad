"""Casts between element types."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.errors import RamielError
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

callee("Tensor.to", "input, dtype, /")
callee("Tensor.view_dtype", "input, dtype", "{input}.view({dtype})", view=True)
callee("operators.cast_to_float8", "x, dtype, saturate=True", helper="casting.cast_to_float8")


@meaning("Identity")
def identity(op: OnnxOperation, emit: Emitter) -> Values:
    """x."""
    return op.input(0)


def _convert(op: OnnxOperation, emit: Emitter, dtype: np.dtype[Any]) -> SSAValue:
    """x in another dtype.  float8 saturates unless told not to."""
    x = op.input(0)
    for end in (emit.dtype(x), dtype):
        name = element_types.of_numpy(end).torch
        if name is None or name == "float8_e8m0fnu":
            emit.refuse(f"a cast between {emit.dtype(x)} and {dtype} is not supported")
    if emit.dtype(x) == dtype:
        return x
    if not dtype.name.startswith("float8"):
        return emit("Tensor.to", x, dtype=dtype)
    return emit("operators.cast_to_float8", x, dtype=dtype, saturate=op.integer("saturate", 1) != 0)


@meaning("Cast")
def cast(op: OnnxOperation, emit: Emitter) -> Values:
    """x in the dtype `to`, which is a name in opset 1."""
    to = op.attribute("to")
    if not isinstance(to, int):
        emit.refuse("needs the number of a data type")
    try:
        return _convert(op, emit, element_types.of_onnx(to).numpy)
    except RamielError:
        emit.refuse("is not supported for strings")


@meaning("CastLike")
def cast_like(op: OnnxOperation, emit: Emitter) -> Values:
    """x in the dtype of another tensor."""
    return _convert(op, emit, emit.dtype(op.input(1)))


@meaning("BitCast")
def bit_cast(op: OnnxOperation, emit: Emitter) -> Values:
    """The same bits in another dtype of the same width."""
    dtype = element_types.of_onnx(op.integer("to")).numpy
    if emit.dtype(op.input(0)) == dtype:
        return op.input(0)
    if np.bool_ in (dtype, emit.dtype(op.input(0))):
        emit.refuse("is not supported for bool")
    return emit("Tensor.view_dtype", op.input(0), dtype=dtype)
