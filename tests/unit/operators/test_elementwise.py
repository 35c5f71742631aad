"""Arithmetic and functions, element by element, in each dtype, and how they print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

FLOATS = ["float32", "float64", "float16"]
SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
X = np.array([[-3.5, -1.0, 0.25], [0.5, 2.0, 7.0]])
Y = np.array([2.0, -0.5, 4.0])


def scalar(value: float, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return np.array(value, dtype)


def whole(dtype: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A matrix and a row of integers up to the dtype's ends, without 0 in the row."""
    ends = np.iinfo(dtype)
    matrix = np.array([[ends.min, 1, 7], [ends.max, ends.max // 2, 20]], dtype)
    return matrix, np.array([3, 5, ends.max], dtype)


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_arithmetic_of_floats(operator: str, dtype: str) -> None:
    x = np.abs(X) if operator == "Pow" else X
    check(operator, [x.astype(dtype), Y.astype(dtype)], rtol=1e-3 if dtype == "float16" else 1e-6)
    check(
        operator, [x.astype(dtype), scalar(0.1, dtype)], rtol=2e-3 if dtype == "float16" else 1e-6
    )


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Max", "Min", "Mod"])
@pytest.mark.parametrize("dtype", [*SIGNED, *UNSIGNED])
def test_arithmetic_of_integers(operator: str, dtype: str) -> None:
    x, y = whole(dtype)
    with np.errstate(over="ignore"):
        check(operator, [x, y])
        check(operator, [x, scalar(3, dtype)])


@pytest.mark.parametrize("dtype", [*SIGNED, *UNSIGNED])
def test_division_of_integers_rounds_towards_zero(dtype: str) -> None:
    x, y = whole(dtype)
    quotients = [[int(abs(int(a)) // int(b)) for a, b in zip(row, y, strict=True)] for row in x]
    quotients = np.array(quotients, object) * np.where(x < 0, -1, 1)
    check("Div", [x, y], expected=[quotients.astype(dtype)])


def test_division_of_large_uint64() -> None:
    x = np.array([2**64 - 1, 2**63, 5, 2**64 - 1], np.uint64)
    y = np.array([2**63 + 1, 2**64 - 1, 2, 3], np.uint64)
    check("Div", [x, y], expected=[x // y])
    check("Mod", [x, y], expected=[x % y])


def test_remainders_have_the_sign_asked_for() -> None:
    x, y = np.array([-7, 7, -7], np.int32), np.array([3, -3, -3], np.int32)
    check("Mod", [x, y], expected=[np.array([2, -2, -1], np.int32)])
    check("Mod", [x, y], fmod=1, expected=[np.array([-1, 1, -1], np.int32)])


@pytest.mark.parametrize(
    ("base", "exponent"),
    [("float32", "int64"), ("int32", "float32"), ("int64", "int64"), ("float64", "float32")],
)
def test_power_has_the_dtype_of_its_base(base: str, exponent: str) -> None:
    check("Pow", [np.array([1, 2, 3], base), np.array([3, 2, 0], exponent)])


@pytest.mark.parametrize("operator", ["Exp", "Erf", "Sin", "Tan", "Atan", "Tanh", "Asinh", "Sinh"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_functions(operator: str, dtype: str) -> None:
    check(operator, [X.astype(dtype)], rtol=2e-3 if dtype == "float16" else 1e-6)


@pytest.mark.parametrize("operator", ["Abs", "Sign", "Neg"])
@pytest.mark.parametrize("dtype", [*SIGNED, "float32"])
def test_functions_of_signed_numbers(operator: str, dtype: str) -> None:
    check(operator, [np.array([-3, 0, 5], dtype)])


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_functions_of_unsigned_integers(dtype: str) -> None:
    check("Abs", [whole(dtype)[0]])
    check("Sign", [whole(dtype)[0]])


def test_rounding_takes_halves_to_even() -> None:
    x = np.array([-2.5, -0.5, 0.5, 1.5, 2.5], np.float32)
    check("Round", [x], expected=[np.array([-2, -0.0, 0, 2, 2], np.float32)])


@pytest.mark.parametrize("operator", ["Sum", "Max", "Min", "Mean"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_variadic(operator: str, count: int) -> None:
    operands = [X.astype(np.float32), Y.astype(np.float32), np.array([[1.5], [2.5]], np.float32)]
    check(operator, operands[:count])


def test_extremes_keep_nan() -> None:
    x = np.array([np.nan, 1.0], np.float32)
    check("Max", [x, scalar(0.5)])
    check("Min", [scalar(0.5), x])


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int64", "uint16", "uint64"])
def test_clip(dtype: str) -> None:
    x = np.array([0, 1, 5, 100], dtype)
    low, high = scalar(2, dtype), scalar(6, dtype)
    for bounds in ([low, high], [low], [None, high]):
        lowest = bounds[0] if bounds[0] is not None else x.min()
        expected = np.minimum(np.maximum(x, lowest), high if len(bounds) > 1 else x.max())
        check("Clip", [x, *bounds], expected=[expected])
    check("Clip", [x, high, low], expected=[np.full_like(x, 2)])


def test_broadcast_from_an_axis_before_opset_7() -> None:
    x, y = np.ones((2, 3, 4), np.float32), np.arange(3, dtype=np.float32)
    expected = [x + y.reshape(3, 1)]
    check("Add", [x, y], opset=6, broadcast=1, axis=1, expected=expected, dynamic=False)


@pytest.mark.parametrize("operator", ["Add", "Mul", "Max"])
def test_scalars_and_empty_tensors(operator: str) -> None:
    check(operator, [scalar(2.0), scalar(3.0)])
    check(operator, [scalar(2.0), np.array([3.0], np.float32)])
    check(operator, [np.zeros((0, 3), np.float32), Y.astype(np.float32)])


@pytest.mark.parametrize(
    ("operator", "operand", "expected"),
    [
        ("Add", scalar(1.5), "x0 + 1.5"),
        ("Sub", scalar(0.1), "x0 - 0.1"),
        ("Mul", Y.astype(np.float32), "x0 * x1"),
        ("Div", scalar(8.0), "x0 / 8.0"),
        ("Pow", scalar(2.0), "x0**2"),
        ("Pow", scalar(0.5), "x0**0.5"),
        ("Max", scalar(0.0), "x0.clamp(min=0.0)"),
        ("Max", Y.astype(np.float32), "torch.maximum(x0, x1)"),
    ],
)
def test_expressions_read_as_written_by_hand(
    operator: str, operand: np.ndarray[Any, Any], expected: str
) -> None:
    model = model_of(operator, [X.astype(np.float32), operand], baked=True)
    assert lines(model) == [expected]


def test_literals_are_exact() -> None:
    """0.1 in float16 is not what torch would take the literal 0.1 for."""
    assert lines(model_of("Mul", [X.astype(np.float16), scalar(0.1, "float16")], baked=True)) == [
        "x0 * x1"
    ]


def test_clip_reads_as_written_by_hand() -> None:
    x = X.astype(np.float32)
    assert lines(model_of("Clip", [x, scalar(0), scalar(6)], baked=True)) == [
        "x0.clamp(min=0.0, max=6.0)"
    ]
