"""Bitwise logic and shifts of integers."""

from __future__ import annotations

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.elementwise import widened
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import narrow, widen
from ramiel.operators.registry import Values, callee, meaning

callee("operators.shift_left", "x, count", helper="bitwise.shift_left")
callee("operators.shift_right", "x, count", helper="bitwise.shift_right")


@meaning("BitwiseAnd", "BitwiseOr", "BitwiseXor")
def bitwise(op: OnnxOperation, emit: Emitter) -> Values:
    """x ∧ y, x ∨ y, x ⊕ y, bit by bit."""
    key = f"operator.{op.operator.removeprefix('Bitwise').lower()}"
    return widened(emit, key, op.input(0), op.input(1))


@meaning("BitwiseNot")
def bitwise_not(op: OnnxOperation, emit: Emitter) -> Values:
    """¬x, bit by bit."""
    x = op.input(0)
    return narrow(emit, emit("operator.invert", widen(emit, x)), like=x)


@meaning("BitShift")
def bit_shift(op: OnnxOperation, emit: Emitter) -> Values:
    """x · 2^y or ⌊x / 2^y⌋; all bits leave where y is negative or as wide as x."""
    direction = op.text("direction")
    if direction not in ("LEFT", "RIGHT"):
        emit.refuse(f"has no direction {direction!r}")
    return emit(f"operators.shift_{direction.lower()}", op.input(0), op.input(1))
