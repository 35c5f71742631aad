"""Gathers and scatters: elements at the places that indices name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import from_order, in_order, narrow, widen
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis
from ramiel.operators.slicing import forwards, select
from ramiel.tensors import Array

callee("index_by_tensor", "input, indices", "{input}[{indices}]")
callee("index_axis", "input, indices, before", "{input}[{before:index}, {indices}]")
callee("index_points", "input, indices", "{input}[tuple({indices}.unbind(-1))]")
callee("Tensor.gather", "input, dim, index, /", "{input}.gather({dim}, {index})")
callee("Tensor.scatter", "input, dim, index, src", "{input}.scatter({dim}, {index}, {src})")
callee("nonzero_by_axis", "input", "{input}.nonzero().T", view=True)
callee("Tensor.tril", "input, diagonal=0, /")
callee("Tensor.triu", "input, diagonal=0, /")
callee("tril_by_tensor", "input, diagonal", "{input}.tril({diagonal:int})")
callee("triu_by_tensor", "input, diagonal", "{input}.triu({diagonal:int})")
callee("operators.gather_elements", "x, indices, dim", helper="indexing.gather_elements")
callee("operators.gather_nd", "x, indices, batch_dims", helper="indexing.gather_nd")
callee(
    "operators.scatter_elements",
    "x, indices, updates, dim, reduction='none'",
    helper="indexing.scatter_elements",
)
callee(
    "operators.scatter_nd", "x, indices, updates, reduction='none'", helper="indexing.scatter_nd"
)
callee("operators.top_k", "x, k, dim=-1, largest=True", helper="indexing.top_k")
callee(
    "top_k_by_tensor",
    "x, k, dim=-1, largest=True",
    "operators.top_k({x}, {k:int}{...})",
    helper="indexing.top_k",
)
callee("operators.one_hot", "indices, depth, values, axis=-1", helper="indexing.one_hot")
callee(
    "one_hot_by_tensor",
    "indices, depth, values, axis=-1",
    "operators.one_hot({indices}, {depth:int}, {values}{...})",
    helper="indexing.one_hot",
)
callee("operators.compress", "x, condition, axis=None", helper="indexing.compress")
callee("operators.unique", "x, axis=None, sorted=True", helper="indexing.unique")
callee(
    "operators.reverse_sequence",
    "x, lengths, batch_axis=1, time_axis=0",
    helper="indexing.reverse_sequence",
)
callee(
    "operators.tensor_scatter",
    "past, update, write_indices=None, axis=-2, circular=False",
    helper="indexing.tensor_scatter",
)


@meaning("Gather")
def gather(op: OnnxOperation, emit: Emitter) -> Values:
    """The slices of x that the indices name, along an axis."""
    x, indices = op.input(0), op.input(1)
    axis = normal_axis(emit, op.integer("axis"), emit.rank(x))
    constant = emit.constant(indices)
    if constant is not None and constant.ndim == 0:
        return select(emit, x, axis, int(constant))
    sizes = emit.sizes(indices) if tensors.static_shape(indices.type) == () else None
    if sizes is not None:
        return emit("Tensor.__getitem__", x, index=[*[":"] * axis, *sizes], type=op.results[0].type)
    part = None if constant is None else _as_slice(constant, (tensors.dims_of(x.type) or [])[axis])
    if part is not None:
        return select(emit, x, axis, part)
    if axis == 0:
        return emit("index_by_tensor", x, indices)
    return emit("index_axis", x, indices, before=[":"] * axis)


def _as_slice(indices: Array, dim: tensors.Dim) -> str | None:
    """Indices that follow each other as a slice, None if they do not."""
    if indices.ndim != 1 or not indices.size:
        return None
    places = [int(index) for index in indices]
    if isinstance(dim, int):
        places = [place + dim if place < 0 else place for place in places]
        if any(not 0 <= place < dim for place in places):
            return None
    steps = {after - before for before, after in pairwise(places)}
    if min(places) < 0 or len(steps) > 1 or any(step < 1 for step in steps):
        return None
    return forwards(places[0], places[-1] + 1, steps.pop() if steps else 1, dim)


def _nonnegative(emit: Emitter, indices: SSAValue, size: tensors.Dim) -> SSAValue | None:
    """Constant indices as int64 counted from the front, None if they are not known."""
    array = emit.constant(indices)
    if array is None:
        return None
    places = array.astype(np.int64)
    if (places >= 0).all():
        return indices if array.dtype == np.int64 else emit.tensor(places)
    return (
        emit.tensor(np.where(places < 0, places + size, places)) if isinstance(size, int) else None
    )


@meaning("GatherElements")
def gather_by_element(op: OnnxOperation, emit: Emitter) -> Values:
    """x[…, indices[…, i, …], …] for each place of the indices."""
    x, indices = op.input(0), op.input(1)
    axis = normal_axis(emit, op.integer("axis"), emit.rank(x))
    dim = (tensors.dims_of(x.type) or [])[axis]
    constant = _nonnegative(emit, indices, dim)
    wide = widen(emit, x)
    if constant is not None:
        found = emit("Tensor.gather", wide, dim=axis, index=constant)
    else:
        found = emit("operators.gather_elements", wide, indices, dim=axis)
    return narrow(emit, found, x)


@meaning("GatherND")
def gather_points(op: OnnxOperation, emit: Emitter) -> Values:
    """The slices of x that the last dimension of the indices points to."""
    x, indices = op.input(0), op.input(1)
    batch_dims = op.integer("batch_dims") if "batch_dims" in op.SCHEMA.attributes else 0
    if batch_dims:
        return emit("operators.gather_nd", x, indices, batch_dims=batch_dims)
    return emit("index_points", x, indices)


def _reduction(op: OnnxOperation) -> str:
    return op.text("reduction", "none") if "reduction" in op.SCHEMA.attributes else "none"


@meaning("Scatter", "ScatterElements")
def scatter_by_element(op: OnnxOperation, emit: Emitter) -> Values:
    """A copy of x with updates where the indices say, along an axis."""
    x, indices, updates = (op.input(index) for index in range(3))
    axis, reduction = normal_axis(emit, op.integer("axis"), emit.rank(x)), _reduction(op)
    forth, back = (in_order, from_order) if reduction in ("max", "min") else (widen, narrow)
    target, source = forth(emit, x), forth(emit, updates)
    constant = _nonnegative(emit, indices, (tensors.dims_of(x.type) or [])[axis])
    if constant is not None and reduction == "none":
        result = emit("Tensor.scatter", target, source, dim=axis, index=constant)
    else:
        key = "operators.scatter_elements"
        result = emit(key, target, indices, source, dim=axis, reduction=reduction)
    return back(emit, result, x)


@meaning("ScatterND")
def scatter_points(op: OnnxOperation, emit: Emitter) -> Values:
    """A copy of x with updates where the last dimension of the indices points."""
    x, indices, updates = (op.input(index) for index in range(3))
    reduction = _reduction(op)
    forth, back = (in_order, from_order) if reduction in ("max", "min") else (widen, narrow)
    operands = forth(emit, x), indices, forth(emit, updates)
    return back(emit, emit("operators.scatter_nd", *operands, reduction=reduction), x)


@meaning("TopK")
def largest_or_smallest(op: OnnxOperation, emit: Emitter) -> Values:
    """The k largest or smallest elements along an axis, sorted, and their indices."""
    x = op.input(0)
    axis = op.integer("axis")
    largest = bool(op.integer("largest")) if "largest" in op.SCHEMA.attributes else True
    arguments: dict[str, Any] = {"dim": axis, "largest": largest, "count": 2}
    if "k" in op.SCHEMA.attributes:
        return emit.many("operators.top_k", x, k=op.integer("k"), **arguments)
    k = emit.constant(op.input(1))
    if k is None:
        return emit.many("top_k_by_tensor", x, op.input(1), **arguments)
    return emit.many("operators.top_k", x, k=int(k.reshape(-1)[0]), **arguments)


@meaning("OneHot")
def one_hot_of(op: OnnxOperation, emit: Emitter) -> Values:
    """values[1] at the index along a new axis, values[0] elsewhere."""
    indices, values = op.input(0), op.input(2)
    depth, axis = emit.constant(op.input(1)), op.integer("axis")
    if depth is None:
        return emit("one_hot_by_tensor", indices, op.input(1), values, axis=axis)
    size = int(depth.reshape(-1)[0])
    return emit("operators.one_hot", indices, depth=size, values=values, axis=axis)


@meaning("NonZero")
def nonzero(op: OnnxOperation, emit: Emitter) -> Values:
    """The indices of what is not zero, one row for each dimension."""
    return emit("nonzero_by_axis", widen(emit, op.input(0)))


@meaning("Compress")
def compress_by(op: OnnxOperation, emit: Emitter) -> Values:
    """The slices along an axis, or the elements, whose condition is true."""
    axis = op.attribute("axis")
    return emit("operators.compress", op.input(0), op.input(1), axis=axis)


@meaning("Unique")
def unique_elements(op: OnnxOperation, emit: Emitter) -> Values:
    """Each element, or slice, once; with first occurrences, inverse and counts."""
    x, axis = op.input(0), op.attribute("axis")
    ordered = bool(op.integer("sorted"))
    return emit.many("operators.unique", x, count=4, axis=axis, sorted=ordered)


@meaning("ReverseSequence")
def reverse_sequences(op: OnnxOperation, emit: Emitter) -> Values:
    """The first steps of each sequence of a batch backwards."""
    return emit(
        "operators.reverse_sequence",
        op.input(0),
        op.input(1),
        batch_axis=op.integer("batch_axis"),
        time_axis=op.integer("time_axis"),
    )


@meaning("Trilu")
def triangle(op: OnnxOperation, emit: Emitter) -> Values:
    """The upper or lower triangle of matrices, zeros elsewhere."""
    x, k = op.input(0), op.optional_input(1)
    half = "triu" if op.integer("upper") else "tril"
    diagonal = emit.integers(k, "k") if k is None or emit.constant(k) is not None else None
    wide = widen(emit, x)
    if k is not None and diagonal is None:
        result = emit(f"{half}_by_tensor", wide, k)
    else:
        result = emit(f"Tensor.{half}", wide, diagonal=(diagonal or [0])[0])
    return narrow(emit, result, x)


@meaning("TensorScatter")
def cache_update(op: OnnxOperation, emit: Emitter) -> Values:
    """A cache with new elements written along an axis."""
    return emit(
        "operators.tensor_scatter",
        op.input(0),
        op.input(1),
        write_indices=op.optional_input(2),
        axis=op.integer("axis"),
        circular=op.text("mode") == "circular",
    )
