"""Reductions over axes, positions of extremes, running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

X = np.array([[[1.0, 2.0, -3.0], [4.0, 0.5, 6.0]], [[-7.0, 8.0, 9.0], [1.5, 2.5, -2.0]]])
SINGLE = X.astype(np.float32)
OPERATORS = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"]


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("axes", [None, (0,), (-1,), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions(operator: str, axes: tuple[int, ...] | None, keepdims: int) -> None:
    x = np.abs(SINGLE) if operator == "LogSum" else SINGLE
    operands = [x] if axes is None else [x, ints(*axes)]
    check(f"Reduce{operator}", operands, keepdims=keepdims)


@pytest.mark.parametrize("operator", ["Sum", "Max", "Min", "Prod", "L1"])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_reductions_of_integers(operator: str, dtype: str) -> None:
    check(f"Reduce{operator}", [X.astype(dtype), ints(1)])


def test_mean_of_integers_rounds_towards_zero() -> None:
    x = np.array([[-3, -4], [3, 4]], np.int32)
    expected = [np.array([-3, 3], np.int32)]
    check("ReduceMean", [x, ints(1)], keepdims=0, expected=expected)


def test_sum_of_squares_has_the_dtype_of_its_operand() -> None:
    x = X.astype(np.int32)
    expected = [np.square(x).sum(1, keepdims=True, dtype=np.int32)]
    check("ReduceSumSquare", [x, ints(1)], expected=expected)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_squares_of_integers_overflow_in_their_dtype(dtype: str) -> None:
    x = np.array([[70_000, 3, 4], [3, 4, 12], [2**31 - 5, 2**16, 2**16 + 1]], dtype)
    check("ReduceL2", [x, ints(1)], keepdims=0, opset=18)


@pytest.mark.parametrize("operator", ["Sum", "Prod", "Max", "Min", "SumSquare", "L1"])
def test_no_axes_may_mean_no_reduction(operator: str) -> None:
    step = {"SumSquare": np.square, "L1": np.abs}.get(operator, np.copy)
    expected = [step(SINGLE)]
    check(f"Reduce{operator}", [SINGLE], noop_with_empty_axes=1, expected=expected)


@pytest.mark.parametrize(("operator", "value"), [("Max", -np.inf), ("Min", np.inf), ("Sum", 0.0)])
def test_reductions_of_nothing(operator: str, value: float) -> None:
    x = np.zeros((2, 0, 3), np.float32)
    expected = [np.full((2, 1, 3), value, np.float32)]
    check(f"Reduce{operator}", [x, ints(1)], expected=expected, dynamic=False)


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("last", [0, 1])
def test_positions(operator: str, axis: int, last: int) -> None:
    x = np.array([[1, 3, 3, 1], [3, 1, 1, 3]], np.float32)
    for keepdims in (0, 1):
        flags: dict[str, Any] = {"keepdims": keepdims, "select_last_index": last}
        check(operator, [x], axis=axis, dynamic=not last, **flags)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
def test_running_sums(dtype: str, exclusive: int, reverse: int) -> None:
    for axis in (0, -1):
        operands = [X.astype(dtype), np.array(axis, np.int64)]
        check("CumSum", operands, exclusive=exclusive, reverse=reverse)


@pytest.mark.parametrize(
    ("operator", "axes", "keepdims", "expected"),
    [
        ("Mean", (1, 2), 0, "x0.mean((1, 2))"),
        ("Mean", (-1,), 1, "x0.mean(-1, keepdim=True)"),
        ("Sum", None, 0, "x0.sum()"),
        ("Max", (1,), 0, "x0.amax(1)"),
        ("Prod", (1,), 0, "x0.prod(1)"),
        ("LogSumExp", (1,), 0, "x0.logsumexp(1)"),
    ],
)
def test_reductions_read_as_written_by_hand(
    operator: str, axes: tuple[int, ...] | None, keepdims: int, expected: str
) -> None:
    operands = [SINGLE] if axes is None else [SINGLE, ints(*axes)]
    model = model_of(f"Reduce{operator}", operands, baked=True, keepdims=keepdims)
    assert lines(model) == [expected]


LARGE = np.array([[1, 2**63 + 3, 2**63], [2**64 - 1, 5, 2**63 - 1]], np.uint64)


@pytest.mark.parametrize("operator", ["ReduceMax", "ReduceMin", "ArgMax", "ArgMin"])
@pytest.mark.parametrize("axis", [0, 1])
def test_unsigned_numbers_above_the_signed_ones_are_the_larger_ones(
    operator: str, axis: int
) -> None:
    name = operator.removeprefix("Reduce").lower()
    if operator.startswith("Arg"):
        expected = [np.expand_dims(getattr(LARGE, name)(axis), axis)]
        check(operator, [LARGE], axis=axis, expected=expected)
    else:
        expected = [getattr(LARGE, name)(axis, keepdims=True)]
        check(operator, [LARGE, ints(axis)], expected=expected)


def test_mean_of_unsigned_numbers_is_exact() -> None:
    x = np.array([[2**63 + 1, 2**62 + 2], [7, 2**61]], np.uint64)
    expected = [np.array([int(row[0] + row[1]) // 2 for row in x], np.uint64)]
    check("ReduceMean", [x, ints(1)], keepdims=0, expected=expected)
