"""Slices: parts of a tensor between bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis
from ramiel.operators.sizes import Size, Slice

callee("Tensor.__getitem__", "input, index", "{input}[{index:index}]", view=True)
callee("Tensor.flip", "input, *dims")
callee(
    "slice_by_tensor",
    "x, starts, ends",
    "operators.slice_tensor({x}, {starts:sizes}, {ends:sizes})",
    helper="shape.slice_tensor",
)
callee(
    "slice_axes_by_tensor",
    "x, starts, ends, axes",
    "operators.slice_tensor({x}, {starts:sizes}, {ends:sizes}, {axes:sizes})",
    helper="shape.slice_tensor",
)
callee(
    "slice_steps_by_tensor",
    "x, starts, ends, axes, steps",
    "operators.slice_tensor({x}, {starts:sizes}, {ends:sizes}, {axes:sizes}, {steps:sizes})",
    helper="shape.slice_tensor",
)
callee("operators.slice_tensor", "x, starts, ends, axes, steps", helper="shape.slice_tensor")


def select(emit: Emitter, x: SSAValue, axis: int, entry: int | str) -> SSAValue:
    """x[:, …, entry] at an axis; x itself if the entry is all of it."""
    if entry == ":":
        return x
    return emit("Tensor.__getitem__", x, index=[":"] * axis + [entry])


@meaning("Slice")
def slicing(op: OnnxOperation, emit: Emitter) -> Values:
    """x[start:end:step] along some axes; a negative step walks backwards."""
    x = op.input(0)
    if "starts" in op.SCHEMA.attributes:
        starts, ends, axes = (op.integers(name) for name in ("starts", "ends", "axes"))
        steps = None
    else:
        operands = [op.optional_input(index) for index in range(1, 5)]
        if any(value is not None and emit.constant(value) is None for value in operands):
            return _slice_by_integers(emit, op) or _slice_at_run_time(emit, x, operands)
        starts, ends, axes, steps = (emit.integers(value, "its bounds") for value in operands)
    starts, ends = starts or [], ends or []
    dims = tensors.dims_of(x.type)
    if dims is None:
        return _slice_of_any_rank(op, emit, starts, ends, axes, steps)
    places = [normal_axis(emit, axis, len(dims)) for axis in axes or range(len(starts))]
    bounds = list(zip(places, starts, ends, steps or [1] * len(starts), strict=True))
    if any(step < 0 and not isinstance(dims[axis], int) for axis, _, _, step in bounds):
        return emit(
            "operators.slice_tensor",
            x,
            starts=starts,
            ends=ends,
            axes=places,
            steps=[step for *_, step in bounds],
        )
    index: list[Any] = [":"] * len(dims)
    flipped: list[int] = []
    for axis, start, end, step in bounds:
        dim = dims[axis]
        if step < 0 and isinstance(dim, int):
            index[axis] = _backwards(start, end, step, dim)
            flipped.append(axis)
        else:
            index[axis] = forwards(start, end, step, dim)
    while index and index[-1] == ":":
        index.pop()
    result = emit("Tensor.__getitem__", x, index=index) if index else x
    return emit("Tensor.flip", result, dims=sorted(flipped)) if flipped else result


def _slice_of_any_rank(
    op: OnnxOperation,
    emit: Emitter,
    starts: list[int],
    ends: list[int],
    axes: list[int] | None,
    steps: list[int] | None,
) -> SSAValue:
    """An index holds as many entries as the last axis asks for."""
    axes, steps = axes or list(range(len(starts))), steps or [1] * len(starts)
    x, type = op.input(0), op.results[0].type
    if any(axis < 0 for axis in axes) or any(step < 0 for step in steps):
        key, bounds = "operators.slice_tensor", {"starts": starts, "ends": ends}
        return emit(key, x, type=type, **bounds, axes=axes, steps=steps)
    index = [":"] * (max(axes, default=-1) + 1)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = forwards(start, end, step, "")
    return emit("Tensor.__getitem__", x, index=index, type=type) if index else x


def forwards(start: int, end: int, step: int, dim: tensors.Dim) -> str:
    """`start:end:step` without what Python assumes."""
    if isinstance(dim, int):
        first = min(max(start + dim if start < 0 else start, 0), dim)
        last = min(max(end + dim if end < 0 else end, 0), dim)
        if first == 0:
            start = 0
        if last == dim:
            end = dim
        if first >= last:
            start, end = 0, 0
    whole = end >= 2**31 - 1 or (isinstance(dim, int) and end == dim)
    return f"{start or ''}:{'' if whole else end}{f':{step}' if step != 1 else ''}"


def _backwards(start: int, end: int, step: int, dim: int) -> str:
    """The ascending slice that holds what a descending one visits."""
    first = min(max(start + dim if start < 0 else start, 0), dim - 1)
    last = min(max(end + dim if end < 0 else end, -1), dim - 1)
    visited = range(first, last, step)
    if not visited:
        return "0:0"
    return forwards(visited[-1], visited[0] + 1, -step, dim)


def _slice_by_integers(emit: Emitter, op: OnnxOperation) -> SSAValue | None:
    """x[:, :n] where bounds are integers; None if some are not or a step is no constant > 0.

    Python cuts off bounds as ONNX does.
    """
    x, operands = op.input(0), [op.optional_input(index) for index in range(1, 5)]
    starts, ends, axes, steps = (None if value is None else emit.sizes(value) for value in operands)
    dims = tensors.dims_of(x.type)
    if starts is None or ends is None or dims is None:
        return None
    steps = [1] * len(starts) if operands[3] is None else steps
    axes = list(range(len(starts))) if operands[2] is None else axes
    if axes is None or steps is None:
        return None
    index: list[Slice | str] = [":"] * len(dims)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not isinstance(axis, int) or not isinstance(step, int) or step < 1:
            return None
        place = normal_axis(emit, axis, len(dims))
        index[place] = _python_slice(start, end, step, dims[place])
    while index and index[-1] == ":":
        index.pop()
    return emit("Tensor.__getitem__", x, index=index, type=op.results[0].type) if index else x


def _python_slice(start: Size, end: Size, step: int, dim: tensors.Dim) -> Slice | str:
    if isinstance(start, int) and isinstance(end, int):
        return forwards(start, end, step, dim)
    whole = isinstance(end, int) and end >= 2**31 - 1
    return Slice(None if start == 0 else start, None if whole else end, step)


def _slice_at_run_time(emit: Emitter, x: SSAValue, operands: list[SSAValue | None]) -> SSAValue:
    starts, ends, axes, steps = operands
    assert starts is not None and ends is not None
    if steps is None:
        if axes is None:
            return emit("slice_by_tensor", x, starts, ends)
        return emit("slice_axes_by_tensor", x, starts, ends, axes)
    if axes is None:
        shape = emit.shape(starts)
        if shape is None:
            emit.refuse("with steps and no axes needs starts of known size")
        axes = emit.tensor(np.arange(shape[0]))
    return emit("slice_steps_by_tensor", x, starts, ends, axes, steps)
