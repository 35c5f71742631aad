"""What the families share: operands as literals, and arithmetic in a dtype that torch has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter, shortest

WIDE_UNSIGNED = frozenset({"uint16", "uint32", "uint64"})
"""Dtypes that torch can store and cast, with arithmetic in few kernels."""


def literal(emit: Emitter, value: SSAValue, beside: SSAValue) -> bool | int | float | None:
    """A known operand of one element as the Python number that acts like it next to a tensor.

    None if it is not known, if `beside` would not keep its rank without it, or if torch would
    compute with another number: for 16-bit floats it takes a literal as float32.
    """
    rank, other = tensors.dims_of(value.type), tensors.dims_of(beside.type)
    shape = tensors.static_shape(value.type)
    if shape is None or prod(shape) != 1 or not rank_covers(other, rank):
        return None
    array = emit.constant(value)
    if array is None or array.dtype.kind not in "iufb":
        return None
    element = array.reshape(-1)[0]
    number = shortest(element)
    precision = np.float32 if array.dtype.itemsize == 2 else array.dtype.type
    same = array.dtype.kind != "f" or precision(number) == element or number != number
    return number if same else None


def rank_covers(dims: Sequence[object] | None, other: Sequence[object] | None) -> bool:
    """Whether broadcasting against `other` leaves the rank of a tensor with `dims`."""
    if other is None:
        return False
    return not other or (dims is not None and len(dims) >= len(other))


def coefficient(op: OnnxOperation, emit: Emitter, name: str, default: float | None = None) -> float:
    """A FLOAT attribute as a literal for a computation in the dtype of the first operand.

    The shortest decimal is exact in float32; float64 needs all digits of the float32 value.
    """
    number = np.float32(op.number(name, default))
    double = emit.dtype(op.input(0)) == np.float64
    return float(number) if double else float(shortest(number))


def cast(emit: Emitter, value: SSAValue, dtype: np.dtype[np.generic] | str) -> SSAValue:
    """The tensor in another dtype; itself if it has that already."""
    wanted = np.dtype(dtype)
    return value if emit.dtype(value) == wanted else emit("Tensor.to", value, dtype=wanted)


def widen(emit: Emitter, value: SSAValue) -> SSAValue:
    """uint16, uint32 and uint64 as int64: the same numbers, those from 2^63 on modulo 2^64."""
    return cast(emit, value, "int64") if emit.dtype(value).name in WIDE_UNSIGNED else value


def narrow(emit: Emitter, value: SSAValue, like: SSAValue) -> SSAValue:
    """Back from `widen` to the dtype of `like`."""
    return (
        emit("Tensor.to", value, dtype=emit.dtype(like))
        if emit.dtype(like).name in WIDE_UNSIGNED
        else value
    )


def in_order(emit: Emitter, value: SSAValue) -> SSAValue:
    """As `widen`, in the order of the numbers: uint64 with the sign bit flipped."""
    if emit.dtype(value) == np.uint64:
        return emit("operators.unsigned_order", value)
    return widen(emit, value)


def from_order(emit: Emitter, value: SSAValue, like: SSAValue) -> SSAValue:
    """Back from `in_order` to the dtype of `like`."""
    if emit.dtype(like) == np.uint64:
        return emit("operators.from_unsigned_order", value)
    return narrow(emit, value, like)
