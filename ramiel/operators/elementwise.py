"""Arithmetic and mathematical functions, element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast, coefficient, literal, narrow, widen
from ramiel.operators.registry import Values, callee, meaning

FUNCTIONS = {
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Reciprocal": "reciprocal",
    "Erf": "erf",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Tanh": "tanh",
    "Asinh": "asinh",
    "Acosh": "acosh",
    "Atanh": "atanh",
    "Abs": "abs",
    "Sign": "sign",
    "Ceil": "ceil",
    "Floor": "floor",
    "Round": "round",
    "Neg": "neg",
}
"""ONNX functions of one tensor and torch's name for them; Round takes halves to even in both."""

for _name in FUNCTIONS.values():
    callee(f"torch.{_name}", "input", "-{input}" if _name == "neg" else None)
callee("operator.add", "input, other", "{input} + {other}")
callee("operator.sub", "input, other", "{input} - {other}")
callee("operator.mul", "input, other", "{input} * {other}")
callee("operator.truediv", "input, other", "{input} / {other}")
callee("operator.pow", "input, exponent", "{input} ** {exponent}")
callee("torch.div", "input, other, rounding_mode")
callee("torch.remainder", "input, other")
callee("torch.fmod", "input, other")
callee("torch.maximum", "input, other")
callee("torch.minimum", "input, other")
callee("Tensor.clamp", "input, min=None, max=None")
callee("operators.divide_uint64", "dividend, divisor", helper="unsigned.divide_uint64")
callee("operators.remainder_uint64", "dividend, divisor", helper="unsigned.remainder_uint64")
callee("operators.maximum_uint64", "x, y", helper="unsigned.maximum_uint64")
callee("operators.minimum_uint64", "x, y", helper="unsigned.minimum_uint64")


@meaning(*FUNCTIONS)
def function(op: OnnxOperation, emit: Emitter) -> Values:
    """f(x).

    On integers Erf is rounded towards zero and Sign, Abs and Neg are exact.
    """
    x = op.input(0)
    dtype = emit.dtype(x)
    key = f"torch.{FUNCTIONS[op.operator]}"
    if op.operator == "Abs" and dtype.kind == "u":
        return x
    if op.operator == "Sign" and dtype == np.uint64:
        return emit("operators.minimum_uint64", x, emit.tensor(np.array(1, np.uint64)))
    if op.operator == "Erf" and dtype.kind in "iu":
        return emit("Tensor.to", emit(key, cast(emit, x, "float64")), dtype=dtype)
    return narrow(emit, emit(key, widen(emit, x)), like=x)


def aligned(op: OnnxOperation, emit: Emitter) -> tuple[SSAValue, SSAValue]:
    """The two operands; before opset 7 `axis` says where the second one's dimensions lie."""
    x, y = op.input(0), op.input(1)
    if "axis" not in op.SCHEMA.attributes or op.attribute("axis") is None:
        return x, y
    shape = emit.shape(y)
    if shape is None:
        emit.refuse("needs a second operand of known shape to broadcast from an axis")
    rank = emit.rank(x)
    trailing = rank - op.integer("axis") % rank - len(shape)
    return x, emit("Tensor.reshape", y, shape=[*shape, *[1] * trailing]) if trailing else y


def binary(emit: Emitter, key: str, x: SSAValue, y: SSAValue) -> SSAValue:
    """x ∘ y, where an operand of one known element becomes a literal."""
    right = literal(emit, y, beside=x)
    if right is not None:
        return emit(key, x, other=right)
    left = literal(emit, x, beside=y)
    if left is not None:
        return emit(key, y, input=left)
    return emit(key, x, y)


def widened(emit: Emitter, key: str, x: SSAValue, y: SSAValue) -> SSAValue:
    """x ∘ y, in int64 for the unsigned dtypes that torch cannot compute in.

    Right for uint64 too if the operation's lowest 64 bits depend on those of the operands only.
    """
    if widen(emit, x) is x:
        return binary(emit, key, x, y)
    return narrow(emit, emit(key, widen(emit, x), widen(emit, y)), like=x)


@meaning("Add", "Sub", "Mul")
def arithmetic(op: OnnxOperation, emit: Emitter) -> Values:
    """x + y, x - y, x · y."""
    key = f"operator.{op.operator.lower()}"
    return widened(emit, key, *aligned(op, emit))


@meaning("Div")
def div(op: OnnxOperation, emit: Emitter) -> Values:
    """x / y; on integers rounded towards zero."""
    x, y = aligned(op, emit)
    dtype = emit.dtype(x)
    if dtype.kind not in "iu":
        return binary(emit, "operator.truediv", x, y)
    if dtype == np.uint64:
        return emit("operators.divide_uint64", x, y)
    other = literal(emit, y, beside=x)
    if other is not None and widen(emit, x) is x:
        return emit("torch.div", x, other=other, rounding_mode="trunc")
    quotient = emit("torch.div", widen(emit, x), widen(emit, y), rounding_mode="trunc")
    return narrow(emit, quotient, like=x)


@meaning("Mod")
def mod(op: OnnxOperation, emit: Emitter) -> Values:
    """The remainder with the sign of the divisor, with `fmod` that of the dividend."""
    x, y = op.input(0), op.input(1)
    if emit.dtype(x) == np.uint64:
        return emit("operators.remainder_uint64", x, y)
    key = "torch.fmod" if op.integer("fmod") else "torch.remainder"
    return narrow(emit, emit(key, widen(emit, x), widen(emit, y)), like=x)


@meaning("Pow")
def power(op: OnnxOperation, emit: Emitter) -> Values:
    """x^y in the dtype of x, whatever the dtype of y is."""
    x, y = aligned(op, emit)
    base, exponent = emit.dtype(x), emit.dtype(y)
    number = literal(emit, y, beside=x)
    if number is not None and base.kind not in "iu":
        whole = isinstance(number, float) and number.is_integer() and abs(number) < 2**31
        return emit("operator.pow", x, exponent=int(number) if whole else number)
    if base.kind not in "iu" and exponent.kind not in "iu" and base == exponent:
        return emit("operator.pow", x, y)
    if base.kind in "iu" and exponent.kind in "iu":
        # Exponents are not negative: ONNX leaves integers to negative powers open.
        wide = emit("operator.pow", cast(emit, x, "int64"), cast(emit, y, "int64"))
    else:
        wide = emit("operator.pow", cast(emit, x, "float64"), cast(emit, y, "float64"))
    return emit("Tensor.to", wide, dtype=base)


@meaning("Sum", "Max", "Min", "Mean")
def variadic(op: OnnxOperation, emit: Emitter) -> Values:
    """x₀ ∘ x₁ ∘ …; Mean divides the sum by the number of operands."""
    values = [value for value in op.inputs if value is not None]
    result = values[0]
    for value in values[1:]:
        result = _combine(op.operator, emit, result, value, like=values[0])
    if op.operator == "Mean" and len(values) > 1:
        result = emit("operator.truediv", result, other=len(values))
    return result


def _combine(operator: str, emit: Emitter, x: SSAValue, y: SSAValue, like: SSAValue) -> SSAValue:
    if operator in ("Sum", "Mean"):
        return binary(emit, "operator.add", x, y)
    name = {"Max": "maximum", "Min": "minimum"}[operator]
    dtype = emit.dtype(like)
    if dtype == np.uint64:
        return emit(f"operators.{name}_uint64", x, y)
    for value, other in ((x, y), (y, x)):
        bound = literal(emit, other, beside=value)
        # clamp takes a bound that is NaN for none.
        if bound is not None and bound == bound and widen(emit, value) is value:
            side: dict[str, Any] = {"min" if operator == "Max" else "max": bound}
            return emit("Tensor.clamp", value, **side)
    return narrow(emit, emit(f"torch.{name}", widen(emit, x), widen(emit, y)), like=like)


def _largest(dtype: np.dtype[Any]) -> float:
    return float(ml_dtypes.finfo(dtype).max)  # pyright: ignore[reportUnknownArgumentType]


@meaning("Clip")
def clip(op: OnnxOperation, emit: Emitter) -> Values:
    """min(max(x, low), high): `high` where the two cross.

    The bounds are attributes before opset 11.
    """
    x = op.input(0)
    if "min" in op.SCHEMA.attributes:
        numbers = {n: coefficient(op, emit, n) for n in ("min", "max") if n in op.properties}
        # A bound that the dtype cannot hold bounds nothing, and torch refuses it.
        held: dict[str, Any] = {
            name: n for name, n in numbers.items() if abs(n) <= _largest(emit.dtype(x))
        }
        return emit("Tensor.clamp", x, **held) if held else x
    bounds = {"min": op.optional_input(1), "max": op.optional_input(2)}
    given = {name: value for name, value in bounds.items() if value is not None}
    if not given:
        return x
    if emit.dtype(x) == np.uint64:
        return _clip_uint64(emit, x, **bounds)
    known: dict[str, Any] = {name: literal(emit, value, beside=x) for name, value in given.items()}
    if widen(emit, x) is x and all(number is not None for number in known.values()):
        return emit("Tensor.clamp", x, **known)
    limits: dict[str, Any] = {name: widen(emit, value) for name, value in given.items()}
    return narrow(emit, emit("Tensor.clamp", widen(emit, x), **limits), like=x)


def _clip_uint64(
    emit: Emitter, x: SSAValue, min: SSAValue | None, max: SSAValue | None
) -> SSAValue:
    if min is not None:
        x = emit("operators.maximum_uint64", x, min)
    return emit("operators.minimum_uint64", x, max) if max is not None else x
