"""Poolings: padding, ceil_mode, dilations and indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of, run

RANDOM = np.random.default_rng(2)
X = RANDOM.standard_normal((2, 3, 8, 9)).astype(np.float32)

GEOMETRIES: list[dict[str, Any]] = [
    {"kernel_shape": [3, 3]},
    {"kernel_shape": [2, 3], "strides": [2, 3]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "dilations": [2, 2]},
    {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [3, 3], "auto_pad": "VALID"},
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_max_pool(geometry: dict[str, Any]) -> None:
    check("MaxPool", [X], oracle="onnxruntime", **geometry)


def test_padding_is_never_the_maximum() -> None:
    check("MaxPool", [-np.abs(X) - 1], oracle="onnxruntime", kernel_shape=[3, 3], pads=[2, 0, 2, 1])


def test_max_pool_of_integers() -> None:
    x = RANDOM.integers(-128, 127, (1, 2, 5, 5)).astype(np.int8)
    found = run(model_of("MaxPool", [x], kernel_shape=[2, 2], pads=[0, 0, 1, 1]), [x])[0]
    padded = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=-128)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2, 2), (2, 3))
    np.testing.assert_array_equal(found, windows.max((-1, -2)))


@pytest.mark.parametrize("storage_order", [0, 1])
def test_max_pool_indices(storage_order: int) -> None:
    attributes: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    model = model_of("MaxPool", [X], 2, storage_order=storage_order, **attributes)
    values, indices = run(model, [X])
    planes = X.reshape(2, 3, -1) if not storage_order else X.swapaxes(2, 3).reshape(2, 3, -1)
    np.testing.assert_array_equal(planes.reshape(-1)[indices], values)


@pytest.mark.parametrize("count_include_pad", [0, 1])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_average_pool(geometry: dict[str, Any], count_include_pad: int) -> None:
    check(
        "AveragePool",
        [X],
        oracle="onnxruntime",
        dynamic="auto_pad" not in geometry,
        count_include_pad=count_include_pad,
        **geometry,
    )


def test_poolings_of_one_and_three_dimensions() -> None:
    line, volume = X.reshape(2, 3, 72), X.reshape(2, 3, 4, 3, 6)
    for operator in ("MaxPool", "AveragePool"):
        check(operator, [line], kernel_shape=[4], strides=[3], pads=[1, 2], oracle="onnxruntime")
        check(
            operator,
            [volume],
            kernel_shape=[2, 2, 2],
            pads=[1, 0, 1, 1, 1, 0],
            oracle="onnxruntime",
        )


@pytest.mark.parametrize("p", [1, 2, 3])
def test_lp_pool(p: int) -> None:
    check("LpPool", [X], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], p=p)


@pytest.mark.parametrize("operator", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("shape", [(2, 3, 72), (2, 3, 8, 9), (2, 3, 4, 3, 6), (2, 3, 2, 2, 3, 6)])
def test_global_pools(operator: str, shape: tuple[int, ...]) -> None:
    x = X.reshape(shape)
    reduce = np.mean if operator == "GlobalAveragePool" else np.max
    expected = reduce(x, axis=tuple(range(2, x.ndim)), keepdims=True)
    check(operator, [x], expected=[expected])


def test_global_lp_pool() -> None:
    expected = np.abs(X).sum((2, 3), keepdims=True)
    check("GlobalLpPool", [X], p=1, expected=[expected], rtol=1e-4)


@pytest.mark.parametrize(
    ("operator", "attributes", "expected"),
    [
        ("MaxPool", {"strides": [2, 2]}, "F.max_pool2d(x0, 3, stride=2)"),
        ("MaxPool", {"strides": [3, 3]}, "F.max_pool2d(x0, 3)"),
        (
            "MaxPool",
            {"strides": [2, 2], "ceil_mode": 1},
            "F.max_pool2d(x0, 3, stride=2, ceil_mode=True)",
        ),
        ("AveragePool", {}, "F.avg_pool2d(x0, 3, stride=1)"),
        (
            "AveragePool",
            {"pads": [1, 1, 1, 1]},
            "F.avg_pool2d(x0, 3, stride=1, padding=1, count_include_pad=False)",
        ),
    ],
)
def test_poolings_read_as_written_by_hand(
    operator: str, attributes: dict[str, Any], expected: str
) -> None:
    assert lines(model_of(operator, [X], kernel_shape=[3, 3], **attributes)) == [expected]


def test_global_average_pool_reads_as_written_by_hand() -> None:
    assert lines(model_of("GlobalAveragePool", [X])) == ["F.adaptive_avg_pool2d(x0, 1)"]


def test_max_unpool() -> None:
    x = np.array([[[[1, 2], [3, 4]]]], np.float32)
    indices = np.array([[[[5, 7], [13, 15]]]], np.int64)
    check("MaxUnpool", [x, indices], kernel_shape=[2, 2], strides=[2, 2], dynamic=False)
    shape = np.array([1, 1, 5, 5], np.int64)
    found = run(
        model_of("MaxUnpool", [x, indices, shape], kernel_shape=[2, 2], strides=[2, 2]),
        [x, indices, shape],
    )[0]
    assert found.shape == (1, 1, 5, 5)
    assert found[0, 0, 1, 1] == 1


def test_max_roi_pool() -> None:
    rois = np.array([[0, 0, 0, 3, 3], [1, 2, 2, 7, 7]], np.float32)
    inputs = [X, rois]
    found = run(model_of("MaxRoiPool", inputs, pooled_shape=[2, 2]), inputs)[0]
    np.testing.assert_array_equal(found[0, :, 0, 0], X[0, :, :2, :2].max((1, 2)))
    np.testing.assert_array_equal(found[1, :, 1, 1], X[1, :, 5:8, 5:8].max((1, 2)))
