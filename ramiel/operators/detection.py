"""Object detection."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.roi_align",
    "x, rois, batch_indices, output_height=1, output_width=1, sampling_ratio=0, "
    "spatial_scale=1.0, mode='avg', half_pixel=True",
    helper="detection.roi_align",
)
callee(
    "operators.non_max_suppression",
    "boxes, scores, max_output_boxes_per_class=0, iou_threshold=0.0, score_threshold=None, "
    "center_point_box=0",
    helper="detection.non_max_suppression",
)


@meaning("RoiAlign")
def roi_alignment(op: OnnxOperation, emit: Emitter) -> Values:
    """The mean, or maximum, of samples in a grid of bins in each region of interest."""
    transformation = "output_half_pixel"
    if "coordinate_transformation_mode" in op.SCHEMA.attributes:
        transformation = op.text("coordinate_transformation_mode")
    return emit(
        "operators.roi_align",
        op.input(0),
        op.input(1),
        op.input(2),
        output_height=op.integer("output_height"),
        output_width=op.integer("output_width"),
        sampling_ratio=op.integer("sampling_ratio"),
        spatial_scale=op.number("spatial_scale"),
        mode=op.text("mode"),
        half_pixel=transformation == "half_pixel",
    )


def _number(emit: Emitter, value: SSAValue | None) -> Any:
    """A number for the helper: a literal if it is known, else the tensor that holds it."""
    literal = emit.scalar(value)
    return value if literal is None else literal


@meaning("NonMaxSuppression")
def suppression(op: OnnxOperation, emit: Emitter) -> Values:
    """The boxes that do not overlap one with a higher score, for each class."""
    return emit(
        "operators.non_max_suppression",
        op.input(0),
        op.input(1),
        max_output_boxes_per_class=_number(emit, op.optional_input(2)),
        iou_threshold=_number(emit, op.optional_input(3)),
        score_threshold=_number(emit, op.optional_input(4)),
        center_point_box=op.integer("center_point_box"),
    )
