"""Object detection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("transformation", ["half_pixel", "output_half_pixel"])
@pytest.mark.parametrize("sampling_ratio", [0, 2])
def test_roi_align(mode: str, transformation: str, sampling_ratio: int) -> None:
    x = RANDOM.standard_normal((2, 3, 8, 9)).astype(np.float32)
    rois = np.array([[0, 0, 12, 9], [2.5, 3, 7, 15], [-3, -2, 30, 40]], np.float32)
    check(
        "RoiAlign",
        [x, rois, np.array([0, 1, 1])],
        opset=16,
        oracle="onnxruntime",
        mode=mode,
        coordinate_transformation_mode=transformation,
        output_height=3,
        output_width=2,
        sampling_ratio=sampling_ratio,
        spatial_scale=0.5,
        atol=1e-4,
    )


def boxes(center_point_box: int) -> np.ndarray[Any, Any]:
    corner, size = RANDOM.uniform(0, 5, (2, 12, 2)), RANDOM.uniform(1, 4, (2, 12, 2))
    last = size if center_point_box else corner + size
    return np.concatenate([corner, last], axis=-1).astype(np.float32)


@pytest.mark.parametrize("center_point_box", [0, 1])
@pytest.mark.parametrize("limit", [2, 100])
@pytest.mark.parametrize("threshold", [None, 0.4])
def test_non_max_suppression(center_point_box: int, limit: int, threshold: float | None) -> None:
    scores = RANDOM.uniform(0, 1, (2, 3, 12)).astype(np.float32)
    numbers = [np.array([limit]), np.array([0.3], np.float32)]
    if threshold is not None:
        numbers.append(np.array([threshold], np.float32))
    check(
        "NonMaxSuppression",
        [boxes(center_point_box), scores, *numbers],
        oracle="onnxruntime",
        center_point_box=center_point_box,
    )


def test_no_limit_given_selects_nothing() -> None:
    scores = RANDOM.uniform(0, 1, (2, 3, 12)).astype(np.float32)
    check("NonMaxSuppression", [boxes(0), scores], expected=[np.zeros((0, 3), np.int64)])
