"""Resizing: F.interpolate where it computes the same, ONNX's definition elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

RANDOM = np.random.default_rng(6)
X = RANDOM.standard_normal((1, 2, 5, 6)).astype(np.float32)
COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]


def sizes(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


def scales(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, np.float32)


@pytest.mark.parametrize("coordinates", [*COORDINATES, "half_pixel_symmetric"])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("target", [(10, 12), (3, 7), (7, 3)])
def test_sizes(coordinates: str, mode: str, target: tuple[int, int]) -> None:
    check(
        "Resize",
        [X, None, None, sizes(1, 2, *target)],
        mode=mode,
        coordinate_transformation_mode=coordinates,
        atol=1e-4,
    )


@pytest.mark.parametrize("coordinates", [*COORDINATES, "half_pixel_symmetric"])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("factors", [(2, 2), (0.6, 1.5), (0.5, 0.5)])
def test_scales(coordinates: str, mode: str, factors: tuple[float, float]) -> None:
    check(
        "Resize",
        [X, None, scales(1, 1, *factors)],
        mode=mode,
        coordinate_transformation_mode=coordinates,
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "nearest_mode", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
)
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("factors", [(2, 3), (0.5, 0.34)])
def test_nearest(nearest_mode: str, coordinates: str, factors: tuple[float, float]) -> None:
    check(
        "Resize",
        [X, None, scales(1, 1, *factors)],
        nearest_mode=nearest_mode,
        coordinate_transformation_mode=coordinates,
    )


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialias_and_what_lies_outside(mode: str) -> None:
    factors = scales(1, 1, 0.6, 0.4)
    check("Resize", [X, None, factors], mode=mode, antialias=1, atol=1e-4)
    check("Resize", [X, None, factors], mode="cubic", exclude_outside=1, atol=1e-4)


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
def test_aspect_ratio(policy: str) -> None:
    inputs = [X, None, None, sizes(7, 9)]
    check("Resize", inputs, axes=[2, 3], keep_aspect_ratio_policy=policy)


def test_crop_and_resize() -> None:
    roi = scales(0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2)
    check(
        "Resize",
        [X, roi, None, sizes(1, 2, 4, 5)],
        mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=10.0,
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("attributes", "factors", "expected"),
    [
        ({"mode": "linear"}, (2, 2), 'F.interpolate(x0, scale_factor=2, mode="bilinear")'),
        ({"mode": "cubic"}, (2, 2), 'F.interpolate(x0, scale_factor=2, mode="bicubic")'),
        (
            {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
            (2, 2),
            "F.interpolate(x0, scale_factor=2)",
        ),
        ({}, (2, 2), "F.interpolate(x0, scale_factor=2)"),
        (
            {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
            (2, 2),
            'F.interpolate(x0, scale_factor=2, mode="bilinear", align_corners=True)',
        ),
    ],
)
def test_resize_reads_as_written_by_hand(
    attributes: dict[str, Any], factors: tuple[float, float], expected: str
) -> None:
    model = model_of("Resize", [X, None, scales(1, 1, *factors)], baked=True, **attributes)
    assert lines(model) == [expected]


def test_upsample() -> None:
    inputs = [X, scales(1, 1, 2, 3)]
    expected = X.repeat(2, axis=2).repeat(3, axis=3)
    check("Upsample", inputs, opset=9, expected=[expected])


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [0, 1])
def test_grid_sample(mode: str, padding_mode: str, align_corners: int) -> None:
    grid = RANDOM.uniform(-1.3, 1.3, (1, 3, 4, 2)).astype(np.float32)
    attributes: dict[str, Any] = {"padding_mode": padding_mode, "align_corners": align_corners}
    check("GridSample", [X, grid], mode=mode, atol=1e-4, **attributes)


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_grid_sample_in_one_and_three_dimensions(mode: str) -> None:
    volume = X.reshape(1, 2, 2, 3, 5)
    grid = RANDOM.uniform(-1.2, 1.2, (1, 2, 2, 2, 3)).astype(np.float32)
    check("GridSample", [volume, grid], mode=mode, atol=1e-4)
    check("GridSample", [X[:, :, 0], grid[:, 0, 0, :, :1]], mode=mode, atol=1e-4)


@pytest.mark.parametrize("align_corners", [0, 1])
def test_affine_grid(align_corners: int) -> None:
    theta = RANDOM.standard_normal((2, 2, 3)).astype(np.float32)
    check("AffineGrid", [theta, sizes(2, 3, 4, 5)], align_corners=align_corners)
