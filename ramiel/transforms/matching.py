"""What patterns over several onnx operations ask: who computes a value, and which number it is."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.transforms.rewriting import Match

TOLERANCE = 1e-5
"""By which a constant may differ from the number that is meant: exporters round to float32."""


def producer(value: SSAValue, *operators: str, alone: bool = True) -> OnnxOperation | None:
    """The operation of one of these operators that computes a value, and has no other reader."""
    op = value.owner
    if not isinstance(op, OnnxOperation) or op.domain or op.operator not in operators:
        return None
    return op if not alone or value.has_one_use() else None


def number(match: Match, value: SSAValue) -> float | None:
    """The number of a constant of one element."""
    array = match.constant(value)
    return None if array is None or array.size != 1 else float(array.reshape(()))


def is_number(match: Match, value: SSAValue, expected: float) -> bool:
    """Whether a value is this number, as exporters write it."""
    found = number(match, value)
    return found is not None and abs(found - expected) <= TOLERANCE * abs(expected)


def with_number(match: Match, op: OnnxOperation | None) -> tuple[SSAValue, float] | None:
    """x and c of an operation x ∘ c or, where order does not matter, c ∘ x."""
    if op is None or len(op.operands) != 2:
        return None
    left, right = op.input(0), op.input(1)
    constant = number(match, right)
    if constant is not None:
        return left, constant
    constant = number(match, left)
    return None if constant is None or op.operator not in ("Add", "Mul") else (right, constant)


def scaled(match: Match, value: SSAValue) -> tuple[SSAValue, float]:
    """x and c of x · c or x / (1/c); the value itself and 1 if it is neither."""
    op = producer(value, "Mul", "Div")
    found = with_number(match, op)
    if op is None or found is None or found[1] == 0:
        return value, 1.0
    x, constant = found
    return x, constant if op.operator == "Mul" else 1 / constant
