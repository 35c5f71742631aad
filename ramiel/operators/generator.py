"""Tensors from shapes and numbers: constants, ranges, diagonals, and expansion to a shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter, dtype_attribute, shortest
from ramiel.operators.registry import Values, callee, meaning

callee("torch.zeros", "*size, dtype=None")
callee("torch.ones", "*size, dtype=None")
callee("torch.full", "size, fill_value, /, dtype=None")
callee("torch.zeros_like", "input, dtype=None")
callee("torch.ones_like", "input, dtype=None")
callee("torch.eye", "n, m, /, dtype=None")
callee("arange_to_tensor", "limit", "torch.arange(int({limit}))")
callee(
    "full_by_tensor",
    "shape, fill_value, dtype",
    "torch.full({shape}.tolist(), {fill_value}, dtype={dtype})",
)
callee("Tensor.expand", "input, *sizes", view=True)
callee(
    "expand_by_tensor",
    "input, shape",
    "{input}.expand(torch.broadcast_shapes({input}.shape, {shape}.tolist()))",
    view=True,
)
callee("operators.arange", "start, limit, delta", helper="generator.arange")
callee("operators.eye_like", "x, dtype, k=0", helper="generator.eye_like")

IMPLIED_DTYPES = {"f": np.float32, "i": np.int64, "b": np.bool_}
"""What torch takes a Python float, int or bool for."""


@meaning("Constant")
def constant(op: OnnxOperation, emit: Emitter) -> Values:
    """A tensor of numbers."""
    value = op.properties.get("value")
    if not isinstance(value, DenseIntOrFPElementsAttr):
        emit.refuse("is supported for dense tensors of numbers only")
    return emit.tensor(tensors.from_dense(value))  # pyright: ignore[reportUnknownArgumentType]


@meaning("ConstantOfShape")
def constant_of_shape(op: OnnxOperation, emit: Emitter) -> Values:
    """A tensor of one number."""
    value = op.properties.get("value")
    element: Any = np.float32(0)
    if isinstance(value, DenseIntOrFPElementsAttr):
        array = tensors.from_dense(value)  # pyright: ignore[reportUnknownArgumentType]
        element = array.reshape(-1)[0]
    if emit.constant(op.input(0)) is None:
        dtype_attribute(element.dtype)
        return emit(
            "full_by_tensor",
            op.input(0),
            fill_value=shortest(element),
            dtype=element.dtype,
            type=op.results[0].type,
        )
    shape = emit.integers(op.input(0), "the shape") or []
    return filled(emit, shape, element)


def filled(emit: Emitter, shape: list[int], element: Any) -> SSAValue:
    """`torch.zeros(…)`, `torch.ones(…)` or `torch.full(…)`."""
    dtype = element.dtype
    type = tensors.tensor_type(element_types.of_numpy(dtype).mlir, shape)
    number = shortest(element)
    if shape and number in (0, 1):
        default = dtype == np.float32
        key = "torch.ones" if number else "torch.zeros"
        return emit(key, size=shape, dtype=None if default else dtype, type=type)
    implied = IMPLIED_DTYPES.get(dtype.kind) == dtype
    given = None if implied else dtype
    return emit("torch.full", size=shape, fill_value=number, dtype=given, type=type)


@meaning("Range")
def number_range(op: OnnxOperation, emit: Emitter) -> Values:
    """start, start + delta, …, up to limit and without it."""
    start, limit, delta = op.input(0), op.input(1), op.input(2)
    type = op.results[0].type
    simple = emit.scalar(start) == 0 and emit.scalar(delta) == 1
    if simple and emit.dtype(limit) == np.int64:
        return emit("arange_to_tensor", limit, type=type)
    return emit("operators.arange", start, limit, delta, type=type)


@meaning("Expand")
def expand(op: OnnxOperation, emit: Emitter) -> Values:
    """x broadcast against a shape, in both directions."""
    x, shape = op.input(0), op.input(1)
    if emit.constant(shape) is None:
        return emit("expand_by_tensor", x, shape, type=op.results[0].type)
    sizes = emit.integers(shape, "the shape") or []
    rank = emit.rank(x)
    # -1 keeps a dimension that is there; 1 in the shape asks for no more than that.
    kept = max(len(sizes) - rank, 0)
    sizes = [-1] * (rank - len(sizes)) + sizes
    sizes = [-1 if size == 1 and axis >= kept else size for axis, size in enumerate(sizes)]
    if all(size == -1 for size in sizes):
        return x
    return emit("Tensor.expand", x, sizes=sizes)


@meaning("EyeLike")
def eye(op: OnnxOperation, emit: Emitter) -> Values:
    """Ones on a diagonal of a matrix of zeros."""
    x, k, given = op.input(0), op.integer("k", 0), op.attribute("dtype")
    dtype = element_types.of_onnx(given).numpy if isinstance(given, int) else emit.dtype(x)
    shape = emit.shape(x)
    if k or shape is None:
        return emit("operators.eye_like", x, dtype=dtype, k=k)
    implied = dtype == np.float32
    return emit("torch.eye", n=shape[0], m=shape[1], dtype=None if implied else dtype)
