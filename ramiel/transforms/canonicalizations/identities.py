"""Operations that give back what they get."""

from __future__ import annotations

import numpy as np
from xdsl.ir import Attribute

from ramiel.tensors import Array, dims_of, element_of, static_shape
from ramiel.transforms.rewriting import Match, rewrites


def same_type(first: Attribute, second: Attribute) -> bool:
    """Whether both types are static and equal, symbolic names aside."""
    shape = static_shape(first)
    return (
        shape is not None
        and shape == static_shape(second)
        and element_of(first) == element_of(second)
    )


def _keeps_type(match: Match) -> bool:
    return same_type(match.op.input(0).type, match.op.results[0].type)


@rewrites("onnx.Identity")
def drop_identity(match: Match) -> None:
    """Identity(x) = x"""
    match.replace_by(match.op.input(0))


@rewrites("onnx.Dropout")
def drop_dropout(match: Match) -> None:
    """Dropout(x) = x in inference"""
    op = match.op
    training = op.optional_input(2)
    mode = match.constant(training)
    trains = training is not None and (mode is None or bool(mode.any()))
    if not trains and not any(result.uses for result in list(op.results)[1:]):
        match.replace_by(op.input(0), *[None] * (len(op.results) - 1))


@rewrites("onnx.Reshape", "onnx.Flatten", "onnx.Expand", "onnx.Squeeze", "onnx.Unsqueeze")
def drop_same_shape(match: Match) -> None:
    """Reshape(x, s) = x if the result's static type is that of x"""
    if _keeps_type(match):
        match.replace_by(match.op.input(0))


@rewrites("onnx.Cast")
def drop_same_cast(match: Match) -> None:
    """Cast(x) = x if x has that element type"""
    op = match.op
    source, target = op.input(0).type, op.results[0].type
    if dims_of(source) is not None and element_of(source) == element_of(target):
        match.replace_by(op.input(0))


@rewrites("onnx.Transpose")
def drop_transpose(match: Match) -> None:
    """Transpose(x) {perm = [0, 1, …]} = x"""
    perm = match.op.integers("perm")
    if perm is not None and perm == list(range(len(perm))):
        match.replace_by(match.op.input(0))


@rewrites("onnx.Pad")
def drop_pad(match: Match) -> None:
    """Pad(x, [0, …]) = x"""
    pads = match.integers(match.op.input(1))
    if pads is not None and not any(pads):
        match.replace_by(match.op.input(0))


@rewrites("onnx.Slice")
def drop_slice(match: Match) -> None:
    """Slice(x, …) = x if the result has the static type of x and nothing is reversed"""
    steps = match.op.optional_input(4)
    forward = steps is None or all(step > 0 for step in match.integers(steps) or [0])
    if forward and _keeps_type(match):
        match.replace_by(match.op.input(0))


@rewrites("onnx.Tile")
def drop_tile(match: Match) -> None:
    """Tile(x, [1, …]) = x"""
    repeats = match.integers(match.op.input(1))
    if repeats is not None and all(count == 1 for count in repeats):
        match.replace_by(match.op.input(0))


@rewrites("onnx.Concat", "onnx.Sum", "onnx.Max", "onnx.Min", "onnx.Mean")
def drop_single(match: Match) -> None:
    """Concat(x) = x"""
    if len(match.op.operands) == 1:
        match.replace_by(match.op.input(0))


def _all_equal(array: Array | None, number: int, *, negative_zero: bool = False) -> bool:
    """Whether all elements are the number; of floats, optionally, the zero that is negative."""
    if array is None or array.size == 0 or array.dtype.kind not in "iuf":
        return False
    signs = not negative_zero or array.dtype.kind != "f" or bool(np.signbit(array).all())
    return bool((array == number).all()) and signs


@rewrites("onnx.Add", "onnx.Mul")
def drop_neutral_operand(match: Match) -> None:
    """x · 1 = x;  x + 0 = x for integers;  x + -0.0 = x (x + 0.0 makes 0.0 of -0.0)"""
    op = match.op
    number = 0 if op.operator == "Add" else 1
    for index in (0, 1):
        kept, other = op.input(index), op.input(1 - index)
        neutral = _all_equal(match.constant(other), number, negative_zero=number == 0)
        if neutral and same_type(kept.type, op.results[0].type):
            match.replace_by(kept)
            return


@rewrites("onnx.Sub", "onnx.Div")
def drop_neutral_second_operand(match: Match) -> None:
    """x - 0 = x / 1 = x"""
    op = match.op
    number = match.constant(op.input(1))
    neutral = _all_equal(number, 0 if op.operator == "Sub" else 1)
    # x - -0.0 makes 0.0 of -0.0.
    if neutral and number is not None and number.dtype.kind == "f":
        neutral = not bool(np.signbit(number).any())
    if neutral and _keeps_type(match):
        match.replace_by(op.input(0))
