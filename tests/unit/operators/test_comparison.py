"""Comparisons, logic, choice, casts and bits."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from checking import check, lines, model_of

X = np.array([[1, 2, 3], [4, 2, 0]])
Y = np.array([1, 3, 3])
DTYPES = ["float32", "float16", "float64", "int8", "int64", "uint8", "uint16", "uint32", "uint64"]
ORDER = ["Less", "LessOrEqual", "Greater", "GreaterOrEqual"]


@pytest.mark.parametrize("operator", ["Equal", *ORDER])
@pytest.mark.parametrize("dtype", DTYPES)
def test_comparisons(operator: str, dtype: str) -> None:
    check(operator, [X.astype(dtype), Y.astype(dtype)])
    check(operator, [X.astype(dtype), np.array(2, dtype)])


@pytest.mark.parametrize("operator", ORDER)
def test_order_of_large_uint64(operator: str) -> None:
    check(operator, [np.array([2**63, 1], np.uint64), np.array([1, 2**64 - 1], np.uint64)])


@pytest.mark.parametrize("operator", ["And", "Or", "Xor"])
def test_logic(operator: str) -> None:
    check(operator, [X > 1, Y > 1])


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int32"])
def test_where(dtype: str) -> None:
    x, y = X.astype(dtype), np.array(1, dtype)
    check("Where", [X > 1, x, y])
    check("Where", [X > 1, y, x])
    check("Where", [X > 1, y, np.array(0, dtype)])


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("negative", [0, 1])
def test_infinities(positive: int, negative: int) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 1], np.float32)
    check("IsInf", [x], detect_positive=positive, detect_negative=negative)
    check("IsNaN", [x])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int32"])
@pytest.mark.parametrize("operator", ["BitwiseAnd", "BitwiseOr", "BitwiseXor"])
def test_bits(operator: str, dtype: str) -> None:
    x = np.array([np.iinfo(dtype).max, 12], dtype)
    check(operator, [x, np.array([10, 6], dtype)])
    check("BitwiseNot", [x])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifts(direction: str, dtype: str) -> None:
    width = np.dtype(dtype).itemsize * 8
    x, y = np.full(5, np.iinfo(dtype).max, dtype), np.array([0, 1, 3, width - 1, width], dtype)
    top = int(np.iinfo(dtype).max)
    shifted = [top << int(n) & top if direction == "LEFT" else top >> int(n) for n in y]
    check("BitShift", [x, y], direction=direction, expected=[np.array(shifted, dtype)])


@pytest.mark.parametrize("to", ["float16", "float64", "int32", "uint8", "bool", "uint16", "int64"])
def test_casts(to: str) -> None:
    from onnx import helper

    data_type = helper.np_dtype_to_tensor_dtype(np.dtype(to))
    check("Cast", [np.array([0.0, 1.75, 100.0], np.float32)], to=data_type)
    check("CastLike", [np.array([0.0, 1.75, 100.0], np.float32), np.zeros(1, to)])


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("saturate", [0, 1])
def test_casts_to_float8(name: str, saturate: int) -> None:
    from onnx import helper

    dtype: np.dtype[Any] = np.dtype(getattr(ml_dtypes, name))
    x = np.array([0.3, 448, 460, 470, 1e6, -1e6, np.nan], np.float32)
    limit = {"float8_e4m3fn": 448.0, "float8_e5m2": 57344.0}[name]
    expected = (np.clip(x, -limit, limit) if saturate else x).astype(dtype)
    data_type = helper.np_dtype_to_tensor_dtype(dtype)
    check("Cast", [x], to=data_type, saturate=saturate, expected=[expected])


@pytest.mark.parametrize(
    ("operator", "operands", "expected"),
    [
        ("Equal", [X, np.array(2)], "x0 == 2"),
        ("Less", [X, Y], "x0 < x1"),
        ("And", [X > 1, Y > 1], "x0 & x1"),
        ("Not", [X > 1], "~x0"),
        ("Where", [X > 1, X, np.array(0)], "torch.where(x0, x1, 0)"),
    ],
)
def test_expressions_read_as_written_by_hand(
    operator: str, operands: list[np.ndarray[Any, Any]], expected: str
) -> None:
    assert lines(model_of(operator, operands, baked=True)) == [expected]
