"""Upsample, and Resize of opsets 10 to 13."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel.transforms.rewriting import Match, rewrites


def _nearest(match: Match, scales: SSAValue) -> str | None:
    """The old rounding of nearest neighbours: down when enlarging, up when shrinking."""
    factors = match.constant(scales)
    if factors is None:
        return None
    if (factors >= 1).all():
        return "floor"
    return "ceil" if (factors <= 1).all() else None


def _asymmetric(match: Match, x: SSAValue, scales: SSAValue) -> None:
    mode = match.op.text("mode")
    mode = "linear" if mode == "bilinear" else mode
    rounding = _nearest(match, scales) if mode == "nearest" else None
    if mode == "nearest" and rounding is None:
        return
    match.become(
        "Resize",
        [x, None, scales],
        without=("scales", "height_scale", "width_scale"),
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode=rounding,
    )


@rewrites("onnx.Upsample_v1")
def upsample_image(match: Match) -> None:
    """Upsample(x) {height_scale = h, width_scale = w} = Resize(x, _, [1, 1, h, w]) {asymmetric}"""
    op = match.op
    factors = [1.0, 1.0, op.number("height_scale"), op.number("width_scale")]
    _asymmetric(match, op.input(0), match.tensor(np.array(factors, np.float32), "scales"))


@rewrites("onnx.Upsample_v7")
def upsample_scales(match: Match) -> None:
    """Upsample(x) {scales = s} = Resize(x, _, s) {asymmetric}"""
    factors: Any = match.op.attribute("scales")
    scales = match.tensor(np.array(factors, np.float32), "scales")
    _asymmetric(match, match.op.input(0), scales)


@rewrites("onnx.Upsample", "onnx.Upsample_v9", "onnx.Resize_v10")
def resize_scales(match: Match) -> None:
    """Upsample(x, s) = Resize(x, s) of opset 10 = Resize(x, _, s) {asymmetric}"""
    _asymmetric(match, match.op.input(0), match.op.input(1))


@rewrites("onnx.Resize_v11", "onnx.Resize_v13")
def resize_empty_operands(match: Match) -> None:
    """Resize(x, roi, [], sizes) = Resize(x, roi, _, sizes), and so for an empty roi"""
    op = match.op
    if op.text("coordinate_transformation_mode") == "tf_half_pixel_for_nn":
        return
    x, *rest = op.inputs
    kept: list[SSAValue | None] = [None if match.is_empty(value) else value for value in rest]
    match.become("Resize", [x, *kept])
