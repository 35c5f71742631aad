"""Operators on tensors that ONNX Runtime had before, or has beside, the standard."""

from __future__ import annotations

from typing import Any

import numpy as np

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.indexing import gather_points, triangle
from ramiel.operators.registry import Values, callee, meaning

meaning("Trilu", domain=MICROSOFT)(triangle)
meaning("GatherND", domain=MICROSOFT)(gather_points)
callee("torch.linalg.inv", "A")
callee("torch.cdist", "x1, x2", flops=lambda op: 3 * known_elements(op.operands[0]))
callee("Tensor.unfold", "input, dimension, size, step, /", view=True)
callee("unsqueeze_by_tensor", "input, axis", "{input}.unsqueeze(int({axis}))", view=True)
callee("operators.squared_distances", "x, y", helper="microsoft_tensor.squared_distances")


@meaning("Inverse", domain=MICROSOFT)
def inverse(op: OnnxOperation, emit: Emitter) -> Values:
    """The inverse of each matrix in the last two dimensions."""
    if emit.dtype(op.input(0)).itemsize < 4:
        emit.refuse("is supported in float32 and float64")
    return emit("torch.linalg.inv", op.input(0))


@meaning("ExpandDims", domain=MICROSOFT)
def expand_dims(op: OnnxOperation, emit: Emitter) -> Values:
    """A dimension of size 1 at the axis."""
    axis = emit.constant(op.input(1))
    if axis is None:
        type = op.results[0].type
        return emit("unsqueeze_by_tensor", op.input(0), op.input(1), type=type)
    return emit("Tensor.unsqueeze", op.input(0), dim=int(axis.reshape(-1)[0]))


@meaning("UnfoldTensor", domain=MICROSOFT)
def unfold(op: OnnxOperation, emit: Emitter) -> Values:
    """All windows along a dimension, in a new one at the end."""
    arguments: dict[str, Any] = {name: op.integer(name) for name in ("size", "step")}
    return emit("Tensor.unfold", op.input(0), dimension=op.integer("dim"), **arguments)


@meaning("Unique", domain=MICROSOFT)
def unique(op: OnnxOperation, emit: Emitter) -> Values:
    """The different elements by first appearance, each element's place among them, and counts."""
    y, place, count = (result.type for result in op.results)
    types = [y, place, place, count]
    key = "operators.unique"
    values, _, places, counts = emit.many(key, op.input(0), count=4, types=types, sorted=False)
    return values, places, counts


@meaning("CDist", domain=MICROSOFT)
def distances(op: OnnxOperation, emit: Emitter) -> Values:
    """The distance of each row of a from each row of b."""
    metric = op.text("metric")
    if metric not in ("euclidean", "sqeuclidean"):
        emit.refuse(f"has the unknown metric {metric!r}")
    key = "torch.cdist" if metric == "euclidean" else "operators.squared_distances"
    return emit(key, op.input(0), op.input(1))


@meaning("Range", domain=MICROSOFT)
def number_range(op: OnnxOperation, emit: Emitter) -> Values:
    """start, start + delta, …, up to limit and without it; delta is 1 if absent."""
    start, delta = op.input(0), op.optional_input(2)
    step = emit.tensor(np.ones((), emit.dtype(start))) if delta is None else delta
    return emit("operators.arange", start, op.input(1), step, type=op.results[0].type)
