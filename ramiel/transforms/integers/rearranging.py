"""Vectors whose elements are put in another order by way of a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import Array

REARRANGING = frozenset({"Reshape", "Transpose", "Slice"})

Numbers = Callable[[SSAValue | None], tuple[int, ...] | None]
"""The integers of a constant operand, None if it is absent or not known."""


def rearranged_places(
    count: int, steps: Iterable[OnnxOperation], numbers: Numbers
) -> list[int] | None:
    """Where each element of the result was among `count`; None if that is not known.

    The steps are operators of REARRANGING in order, done here to the places 0, 1, …, count - 1.
    """
    places: Array = np.arange(count)
    for op in steps:
        try:
            found = _step(op, places, numbers)
        except (ValueError, IndexError):  # lowering says what does not fit
            return None
        if found is None:
            return None
        places = found
    return [int(place) for place in places.reshape(-1)]


def _step(op: OnnxOperation, places: Array, numbers: Numbers) -> Array | None:
    if op.operator == "Transpose":
        return places.transpose(op.integers("perm"))
    if op.operator == "Reshape":
        shape = numbers(op.optional_input(1)) if len(op.SCHEMA.inputs) > 1 else None
        return None if shape is None or 0 in shape else places.reshape(shape)
    return _slice(op, places, numbers) if op.version >= 10 else None


def _slice(op: OnnxOperation, places: Array, numbers: Numbers) -> Array | None:
    operands = [op.optional_input(index) for index in range(1, 5)]
    known = [numbers(operand) for operand in operands]
    if any(
        operand is not None and found is None
        for operand, found in zip(operands, known, strict=True)
    ):
        return None
    starts, ends = known[0] or (), known[1] or ()
    axes, steps = known[2] or range(len(starts)), known[3] or (1,) * len(starts)
    index: list[Any] = [slice(None)] * places.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = places.shape[axis]
        last = None if step < 0 and end < -size else end
        index[axis] = slice(start, last, step)
    return places[tuple(index)]
