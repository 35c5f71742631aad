"""Slices of what was put together, and parts that are put together again."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of
from ramiel.transforms.canonicalizations.identities import same_type
from ramiel.transforms.matching import producer
from ramiel.transforms.rewriting import Match, rewrites


class Part(NamedTuple):
    """The elements from `start` to before `end` of one axis of x."""

    x: SSAValue
    axis: int
    start: int
    end: int


@rewrites("onnx.Slice")
def slice_of_concat(match: Match) -> None:
    """Slice(Concat(…, x, …), start, end) = x where that is the part of x"""
    part = _part(match, match.op)
    concat = producer(match.op.input(0), "Concat", alone=False)
    if part is None or concat is None:
        return
    rank = len(dims_of(concat.results[0].type) or ())
    if concat.integer("axis") % rank != part.axis:
        return
    start = 0
    for operand in concat.inputs:
        size = _size(operand, part.axis)
        if operand is None or size is None:
            return
        found = start == part.start and start + size == part.end
        if found and same_type(operand.type, match.op.results[0].type):
            match.replace_by(operand)
            return
        start += size


@rewrites("onnx.Concat")
def concat_of_slices(match: Match) -> None:
    """Concat(Slice(x, 0, k), Slice(x, k, n)) = x where n is all of the axis"""
    x, end = None, 0
    for operand in match.op.inputs:
        producing = producer(operand, "Slice", alone=False) if operand is not None else None
        part = _part(match, producing) if producing is not None else None
        if part is None or part.start != end or (x is not None and part.x is not x):
            return
        if match.op.integer("axis") % len(dims_of(part.x.type) or ()) != part.axis:
            return
        x, end = part.x, part.end
    if x is not None and same_type(x.type, match.op.results[0].type):
        match.replace_by(x)


@rewrites("onnx.Concat")
def concat_of_split(match: Match) -> None:
    """Concat(Split(x)) = x where all parts are there, in their order"""
    operands = match.op.inputs
    split = producer(operands[0], "Split", alone=False) if operands and operands[0] else None
    if split is None or list(operands) != list(split.results):
        return
    rank = len(dims_of(split.input(0).type) or ())
    same_axis = rank and match.op.integer("axis") % rank == split.integer("axis") % rank
    if same_axis and same_type(split.input(0).type, match.op.results[0].type):
        match.replace_by(split.input(0))


def _part(match: Match, op: OnnxOperation) -> Part | None:
    """What a Slice of one axis takes, with no step; None if it is another or not known."""
    x, rank = op.input(0), len(dims_of(op.input(0).type) or ())
    starts, ends = match.integers(op.input(1)), match.integers(op.input(2))
    axes = [0] if op.optional_input(3) is None else match.integers(op.optional_input(3))
    steps = [1] if op.optional_input(4) is None else match.integers(op.optional_input(4))
    if not rank or starts is None or ends is None or axes is None or steps != [1]:
        return None
    if not len(starts) == len(ends) == len(axes) == 1:
        return None
    axis = axes[0] % rank
    size = _size(x, axis)
    if size is None:
        return None
    start, end, _ = slice(starts[0], ends[0]).indices(size)
    return Part(x, axis, start, end)


def _size(value: SSAValue | None, axis: int) -> int | None:
    dims = dims_of(value.type) if value is not None else None
    size = None if dims is None or axis >= len(dims) else dims[axis]
    return size if isinstance(size, int) else None
