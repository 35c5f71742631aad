"""Tensors from shapes and numbers: constants, ranges, diagonals, and expansion to a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IndexType
from xdsl.ir import Attribute, SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter, dtype_attribute, shortest
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.sizes import Size

callee("torch.zeros", "*size, dtype=None")
callee("torch.ones", "*size, dtype=None")
callee("torch.full", "size, fill_value, /, dtype=None")
callee("torch.zeros_like", "input, dtype=None")
callee("torch.ones_like", "input, dtype=None")
callee("torch.eye", "n, m, /, dtype=None")
callee("torch.arange", "start, end=None, step=1, /, dtype=None")
callee("arange_to_tensor", "limit", "torch.arange(int({limit}))")
callee(
    "full_by_tensor",
    "shape, fill_value, dtype",
    "torch.full({shape:sizes}, {fill_value}, dtype={dtype})",
)
callee("Tensor.expand", "input, *sizes", view=True)
callee(
    "expand_by_tensor",
    "input, shape",
    "{input}.expand(torch.broadcast_shapes({input}.shape, {shape:sizes}))",
    view=True,
)
callee("operators.arange", "start, limit, delta", helper="generator.arange")
callee("operators.string_array", "values=(), shape=()", helper="text.string_array")
callee("operators.eye_like", "x, dtype, k=0", helper="generator.eye_like")

IMPLIED_DTYPES = {"f": np.float32, "i": np.int64, "b": np.bool_}
"""What torch takes a Python float, int or bool for."""


@meaning("Constant")
def constant(op: OnnxOperation, emit: Emitter) -> Values:
    """A tensor of numbers or strings."""
    if isinstance(tensors.element_of(op.results[0].type), StringType):
        return _string_constant(op, emit)
    value = op.properties.get("value")
    if not isinstance(value, DenseIntOrFPElementsAttr):
        emit.refuse("is supported for dense tensors of numbers only")
    return emit.tensor(tensors.from_dense(value))  # pyright: ignore[reportUnknownArgumentType]


def _string_constant(op: OnnxOperation, emit: Emitter) -> SSAValue:
    """The strings as a literal; only the type of the result knows their shape."""
    type = op.results[0].type
    shape = tensors.static_shape(type)
    names = ("value", "value_strings", "value_string")
    found: Any = next(op.attribute(name) for name in names if name in op.properties)
    texts: list[str] = [found] if isinstance(found, str) else list(found)
    if shape is None or math.prod(shape) != len(texts):
        emit.refuse("has another shape than its strings")
    return emit("operators.string_array", values=texts or None, shape=list(shape), type=type)


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
        sizes = emit.sizes(op.input(0))
        if sizes:
            return filled(emit, sizes, element, op.results[0].type)
        return emit(
            "full_by_tensor",
            op.input(0),
            fill_value=shortest(element),
            dtype=element.dtype,
            type=op.results[0].type,
        )
    shape = emit.integers(op.input(0), "the shape") or []
    return filled(emit, shape, element)


def filled(
    emit: Emitter, shape: Sequence[Size], element: Any, declared: Attribute | None = None
) -> SSAValue:
    """`torch.zeros(…)`, `torch.ones(…)` or `torch.full(…)`; a type for sizes that vary."""
    dtype = element.dtype
    known = [size for size in shape if isinstance(size, int)]
    type = declared
    if len(known) == len(shape):
        type = tensors.tensor_type(element_types.of_numpy(dtype).mlir, known)
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
    sizes = [emit.sizes(value) for value in (start, limit, delta)]
    if simple and sizes[1] is not None and emit.dtype(limit).kind == "i":
        dtype = None if emit.dtype(limit) == np.int64 else emit.dtype(limit)
        return emit("torch.arange", start=_natural(emit, sizes[1][0]), dtype=dtype, type=type)
    if simple and emit.dtype(limit) == np.int64:
        return emit("arange_to_tensor", limit, type=type)
    return emit("operators.arange", start, limit, delta, type=type)


def _natural(emit: Emitter, size: Size) -> Size:
    """A limit that is no size itself may be negative: the range is empty then."""
    if isinstance(size, int) or _is_size(size):
        return size if not isinstance(size, int) else max(size, 0)
    return emit("integer.max", size, other=0, type=IndexType())


def _is_size(value: SSAValue) -> bool:
    return isinstance(value.owner, CallOp) and value.owner.key.data == "integer.size"


@meaning("Expand")
def expand(op: OnnxOperation, emit: Emitter) -> Values:
    """x broadcast against a shape, in both directions."""
    x, shape = op.input(0), op.input(1)
    sizes, dims = emit.sizes(shape), tensors.dims_of(x.type)
    fits = sizes is not None and dims is not None and _broadcasts_one_way(dims, sizes)
    if sizes is None or not fits:
        return emit("expand_by_tensor", x, shape, type=op.results[0].type)
    rank = emit.rank(x)
    # -1 keeps a dimension that is there; 1 in the shape asks for no more than that.
    kept = max(len(sizes) - rank, 0)
    sizes = [-1] * (rank - len(sizes)) + sizes
    sizes = [-1 if size == 1 and axis >= kept else size for axis, size in enumerate(sizes)]
    if all(size == -1 for size in sizes):
        return x
    known = all(isinstance(size, int) for size in sizes)
    return emit("Tensor.expand", x, sizes=sizes, type=None if known else op.results[0].type)


def _broadcasts_one_way(dims: Sequence[tensors.Dim], sizes: Sequence[Size]) -> bool:
    """Whether torch's expand does: where a size varies, the tensor's must be 1 or not there.

    A size of 1 that is known at run time only would keep a dimension, and so might one that is
    known for a dimension that is not.
    """
    pairs = zip(reversed(dims), reversed(sizes), strict=False)
    return all(isinstance(size, int) or dim == 1 for dim, size in pairs)


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
