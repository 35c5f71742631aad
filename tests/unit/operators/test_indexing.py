"""Slices, gathers and scatters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of, run

RANDOM = np.random.default_rng(5)
X = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
LAST = 2**63 - 1


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


SLICES = [
    # starts, ends, axes, steps, what is printed
    ((1,), (3,), (1,), (1,), "x0[:, 1:3]"),
    ((0,), (LAST,), (0,), (1,), None),
    ((-2,), (LAST,), (2,), (1,), "x0[:, :, -2:]"),
    ((0, 1), (-1, 5), (0, 2), (1, 2), "x0[:-1, :, 1:5:2]"),
    ((3,), (1,), (1,), (1,), "x0[:, :0]"),
    ((-100,), (100,), (1,), (2,), "x0[:, ::2]"),
    ((-1,), (-LAST,), (1,), (-1,), "x0.flip(1)"),
    ((4,), (0,), (2,), (-2,), None),
    ((100,), (-100,), (-1,), (-3,), None),
    ((1,), (4,), (0,), (-1,), None),
]


@pytest.mark.parametrize(("starts", "ends", "axes", "steps", "expected"), SLICES)
def test_slice(starts: Any, ends: Any, axes: Any, steps: Any, expected: str | None) -> None:
    inputs = [X, ints(*starts), ints(*ends), ints(*axes), ints(*steps)]
    check("Slice", inputs)
    if expected is not None:
        assert lines(model_of("Slice", inputs, baked=True)) == [expected]


def test_slice_without_axes_and_steps() -> None:
    check("Slice", [X, ints(1, 2), ints(3, -1)])


def test_slice_of_opset_1() -> None:
    model = model_of("Slice", [X], opset=9, starts=[1], ends=[3], axes=[1])
    np.testing.assert_array_equal(run(model, [X])[0], X[:, 1:3])


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(
    "indices",
    [np.array(1), np.array(-1), ints(0, 2, 3), ints(1, 2), ints(-1, 0), ints(2), X[:0, 0]],
)
def test_gather(axis: int, indices: np.ndarray[Any, Any]) -> None:
    check("Gather", [X, indices.astype(np.int64)], axis=axis)
    check("Gather", [X, indices.astype(np.int32)], axis=axis)


@pytest.mark.parametrize(
    ("indices", "axis", "expected"),
    [
        (np.array(0), 1, "x0[:, 0]"),
        (np.array(-1), 2, "x0[:, :, -1]"),
        (ints(1, 2), 0, "x0[1:3]"),
        (ints(0, 2, 4), 1, "x0[:, ::2]"),
        (ints(3, 1), 0, "x0[x1]"),
    ],
)
def test_gather_reads_as_written_by_hand(
    indices: np.ndarray[Any, Any], axis: int, expected: str
) -> None:
    printed = lines(model_of("Gather", [X, indices], baked=True, axis=axis))
    assert [line.replace("v0", "x1") for line in printed] == [expected]


def test_embedding() -> None:
    tokens = np.array([[1, 3], [0, 2]])
    check("Gather", [X[0], tokens])
    assert lines(model_of("Gather", [X[0], tokens])) == ["x0[x1]"]


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint16", "bool"])
def test_gather_elements(dtype: str) -> None:
    indices = RANDOM.integers(-4, 4, (4, 5, 6))
    check("GatherElements", [X.astype(dtype), indices])
    check("GatherElements", [X.astype(dtype), np.abs(indices).astype(np.int32)], axis=2)


def test_gather_nd() -> None:
    check("GatherND", [X, np.array([[0, 1], [-1, 2], [3, 4]])])
    check("GatherND", [X, np.array([[0, 1, 2]])])
    check("GatherND", [X, np.array([[[1], [2]]] * 4)], batch_dims=1)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint16"])
def test_scatter_elements(reduction: str, dtype: str) -> None:
    indices = np.array([[[1, -1]], [[0, 2]]])
    if reduction != "none":
        indices[0, 0, 1] = 1
    updates = RANDOM.integers(1, 9, indices.shape).astype(dtype)
    check("ScatterElements", [X.astype(dtype), indices, updates], axis=1, reduction=reduction)


@pytest.mark.parametrize("reduction", ["max", "min"])
def test_extremes_of_large_uint64_are_scattered(reduction: str) -> None:
    x = np.array([2**63, 1, 2**64 - 1, 7], np.uint64)
    updates = np.array([1, 2**63 + 1, 5, 2**64 - 2], np.uint64)
    indices = np.array([0, 1, 2, 3])
    check("ScatterElements", [x, indices, updates], axis=0, reduction=reduction)
    check("ScatterND", [x, indices.reshape(4, 1), updates], reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_scatter_nd(reduction: str) -> None:
    indices = np.array([[0, 1], [-1, 2], [3, 4]])
    if reduction != "none":
        indices[2] = indices[0]
    updates = RANDOM.standard_normal((3, 6)).astype(np.float32)
    check("ScatterND", [X, indices, updates], reduction=reduction)
    scalars = RANDOM.standard_normal(3).astype(np.float32)
    points = np.array([[0, 1, 2], [-1, 2, 0], [3, 4, 5]])
    check("ScatterND", [X, points, scalars], reduction=reduction)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [-1, 0])
def test_top_k_takes_the_first_of_equals(largest: int, axis: int) -> None:
    x = RANDOM.integers(0, 4, (5, 7)).astype(np.float32)
    order = np.argsort(-x if largest else x, axis=axis, kind="stable")
    indices = np.take(order, range(3), axis)
    values = np.take_along_axis(x, indices, axis)
    check("TopK", [x, ints(3)], 2, axis=axis, largest=largest, expected=[values, indices])


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot(axis: int) -> None:
    indices = np.array([[0, 2, -1], [5, -5, 1]])
    values = np.array([2, 7], np.float32)
    model_inputs = [indices, np.array(4), values]
    wrapped = np.where(indices < 0, indices + 4, indices)
    hot = np.moveaxis(wrapped[..., None] == np.arange(4), -1, axis)
    expected = values[hot.astype(np.int64)]
    check("OneHot", model_inputs, axis=axis, expected=[expected])


def test_nonzero_and_compress() -> None:
    x = RANDOM.integers(0, 2, (3, 4))
    check("NonZero", [x])
    condition = np.array([True, False, True])
    check("Compress", [X, condition], axis=1)
    check("Compress", [X, np.array([False] * 7 + [True])])


@pytest.mark.parametrize("ordered", [0, 1])
def test_unique(ordered: int) -> None:
    x = np.array([3, 1, 1, 2, 3, 3], np.float32)
    check("Unique", [x], 4, sorted=ordered)
    rows = np.array([[1, 0], [0, 1], [1, 0]], np.int64)
    check("Unique", [rows], 4, axis=0, sorted=ordered)


def test_reverse_sequence() -> None:
    check("ReverseSequence", [X, ints(1, 4, 2, 3, 4)], time_axis=0, batch_axis=1)
    check("ReverseSequence", [X, ints(1, 5, 2, 3)], time_axis=1, batch_axis=0)


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, 1, -2, 9])
def test_trilu(upper: int, k: int | None) -> None:
    operand = [] if k is None else [np.array(k)]
    check("Trilu", [X, *operand], upper=upper)


def test_tensor_scatter() -> None:
    update = RANDOM.standard_normal((4, 2, 6)).astype(np.float32)
    check("TensorScatter", [X, update], opset=24)
    check("TensorScatter", [X, update, ints(0, 3, 4, 1)], opset=24, mode="circular")
