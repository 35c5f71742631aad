"""Reductions over axes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.axes import Axes
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast, from_order, in_order, narrow, widen
from ramiel.operators.registry import Values, callee, meaning

callee("Tensor.sum", "input, dim=None, /, keepdim=False, dtype=None")
callee("Tensor.mean", "input, dim=None, /, keepdim=False")
callee("Tensor.amax", "input, dim=(), /, keepdim=False")
callee("Tensor.amin", "input, dim=(), /, keepdim=False")
callee("Tensor.prod", "input, dim=None, /, keepdim=False, dtype=None")
callee("Tensor.logsumexp", "input, dim, /, keepdim=False")
callee("Tensor.square", "input")
callee("torch.linalg.vector_norm", "x, *, dim=None, keepdim=False")
callee("operators.product", "x, dims, keepdim=False", helper="reduction.product")
callee("operators.integer_mean", "x, dims, keepdim=False", helper="reduction.integer_mean")
callee("operators.mean_uint64", "x, dims, keepdim=False", helper="unsigned.mean_uint64")
callee("operators.unsigned_order", "x", helper="unsigned.unsigned_order")
callee("operators.from_unsigned_order", "x", helper="unsigned.from_unsigned_order")
callee("operators.reduce_axes", "x, axes, operation, keepdim=False", helper="reduction.reduce_axes")

SMALL_INTEGERS = frozenset({"int8", "int16", "int32", "uint8"})


def _reduce(
    axes: Axes, operation: str, x: SSAValue, dtype: np.dtype[Any] | None = None
) -> SSAValue:
    """`x.operation(dims)`; x itself over no axes."""
    keepdim = True if axes.keepdim else None
    if axes.none:
        return x
    emit = axes.emit
    if axes.run_time is not None:
        arguments: dict[str, Any] = {"operation": operation, "keepdim": keepdim}
        result = emit("operators.reduce_axes", x, axes.run_time, **arguments)
        return result if dtype is None else emit("Tensor.to", result, dtype=dtype)
    needs_dims = axes.keepdim or operation == "logsumexp"
    dims = axes.explicit if needs_dims and not axes.dims else axes.dims or None
    if operation == "prod" and dims is not None and len(dims) != 1:
        result = emit("operators.product", x, dims=dims, keepdim=keepdim)
        return result if dtype is None else emit("Tensor.to", result, dtype=dtype)
    dim = dims[0] if dims is not None and len(dims) == 1 else dims
    return emit(f"Tensor.{operation}", x, dim=dim, keepdim=keepdim, dtype=dtype)


def _sum(axes: Axes, x: SSAValue) -> SSAValue:
    return _accumulate(axes, "sum", x)


def _accumulate(axes: Axes, operation: str, x: SSAValue) -> SSAValue:
    """Sum or product of x in its own dtype; torch's own is int64 for all integers."""
    dtype = axes.emit.dtype(axes.x)
    return _reduce(axes, operation, x, dtype if dtype.name in SMALL_INTEGERS else None)


@meaning("ReduceSum", "ReduceProd")
def reduce_sum(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ x, Π x."""
    x = op.input(0)
    operation = op.operator.removeprefix("Reduce").lower()
    return narrow(emit, _accumulate(Axes(op, emit), operation, widen(emit, x)), like=x)


@meaning("ReduceMean")
def reduce_mean(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ x / n; on integers rounded towards zero."""
    axes, x = Axes(op, emit), op.input(0)
    dtype = emit.dtype(x)
    if dtype.kind not in "iu" or axes.none:
        return _reduce(axes, "mean", x)
    dims = axes.run_time if axes.run_time is not None else axes.explicit
    if dtype == np.uint64:
        return emit("operators.mean_uint64", x, dims=dims, keepdim=axes.keepdim)
    wide = widen(emit, x)
    mean = emit("operators.integer_mean", wide, dims=dims, keepdim=axes.keepdim)
    return narrow(emit, mean, like=x)


@meaning("ReduceMax", "ReduceMin")
def reduce_extreme(op: OnnxOperation, emit: Emitter) -> Values:
    """max x, min x; over nothing the smallest or largest number of the dtype."""
    axes, x = Axes(op, emit), op.input(0)
    largest = op.operator == "ReduceMax"
    shape = None if axes.none else axes.result_shape
    if shape is not None and axes.count == 0:
        limit = _limit(emit.dtype(x), smallest=largest)
        return emit("torch.full", size=shape, fill_value=limit, dtype=emit.dtype(x))
    if axes.none:
        return x
    extreme = _reduce(axes, "amax" if largest else "amin", in_order(emit, x))
    return from_order(emit, extreme, like=x)


def _limit(dtype: np.dtype[Any], smallest: bool) -> bool | int | float:
    if dtype.kind == "b":
        return not smallest
    if dtype.kind in "iu":
        return int(ml_dtypes.iinfo(dtype).min if smallest else ml_dtypes.iinfo(dtype).max)
    return -np.inf if smallest else np.inf


@meaning("ReduceL1")
def reduce_l1(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ |x|."""
    x = op.input(0)
    absolute = x if emit.dtype(x).kind == "u" else emit("torch.abs", x)
    return narrow(emit, _sum(Axes(op, emit), widen(emit, absolute)), like=x)


@meaning("ReduceSumSquare")
def reduce_sum_square(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ x²."""
    x = op.input(0)
    return narrow(emit, _sum(Axes(op, emit), emit("Tensor.square", widen(emit, x))), like=x)


@meaning("ReduceL2")
def reduce_l2(op: OnnxOperation, emit: Emitter) -> Values:
    """√Σ x²; the sum of integers' squares overflows in their dtype, as ONNX's function has it."""
    axes, x = Axes(op, emit), op.input(0)
    if emit.dtype(x).kind in "iu":
        squares = narrow(emit, _sum(axes, emit("Tensor.square", widen(emit, x))), like=x)
        return _rounded(emit, emit("torch.sqrt", _floating(emit, squares)), like=x)
    if axes.none:
        return emit("torch.abs", x)
    if axes.run_time is not None:
        return emit("torch.sqrt", _reduce(axes, "sum", emit("Tensor.square", x)))
    dims = axes.explicit if axes.keepdim and not axes.dims else axes.dims or None
    dim = dims[0] if dims is not None and len(dims) == 1 else dims
    return emit("torch.linalg.vector_norm", x, dim=dim, keepdim=axes.keepdim)


@meaning("ReduceLogSum")
def reduce_log_sum(op: OnnxOperation, emit: Emitter) -> Values:
    """ln Σ x; on integers rounded towards zero."""
    x = op.input(0)
    total = _reduce(Axes(op, emit), "sum", _floating(emit, x))
    return _rounded(emit, emit("torch.log", total), like=x)


@meaning("ReduceLogSumExp")
def reduce_log_sum_exp(op: OnnxOperation, emit: Emitter) -> Values:
    """ln Σ eˣ; on integers rounded towards zero."""
    x = op.input(0)
    total = _reduce(Axes(op, emit), "logsumexp", _floating(emit, x))
    return _rounded(emit, total, like=x)


def _floating(emit: Emitter, x: SSAValue) -> SSAValue:
    """Integers as float64."""
    return cast(emit, x, "float64") if emit.dtype(x).kind in "iu" else x


def _rounded(emit: Emitter, value: SSAValue, like: SSAValue) -> SSAValue:
    """Back from `_floating`."""
    dtype = emit.dtype(like)
    return emit("Tensor.to", value, dtype=dtype) if dtype.kind in "iu" else value
