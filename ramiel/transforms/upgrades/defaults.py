"""Defaults and spellings that changed: the old ones are written out."""

from __future__ import annotations

from ramiel.dialects.syntax import to_attribute
from ramiel.transforms.rewriting import Match, rewrites

_NO = to_attribute(0)


@rewrites("onnx.Concat_v1")
def concat_axis(match: Match) -> None:
    """Concat(x, …) = Concat(x, …) {axis = 1}"""
    axis = match.op.integer("axis", 1)
    match.become("Concat", match.op.inputs, axis=axis)


@rewrites("onnx.ConvTranspose_v1")
def conv_transpose_padding(match: Match) -> None:
    """ConvTranspose(x, w, b) {pads} keeps its meaning; implicit padding does not"""
    op = match.op
    if "output_shape" not in op.properties and op.text("auto_pad") in ("NOTSET", "VALID"):
        match.become("ConvTranspose", op.inputs)


@rewrites("onnx.RoiAlign_v10")
def roi_align_coordinates(match: Match) -> None:
    """RoiAlign(x, …) = RoiAlign(x, …) {coordinate_transformation_mode = "output_half_pixel"}"""
    mode = "output_half_pixel"
    match.become("RoiAlign", match.op.inputs, coordinate_transformation_mode=mode)


@rewrites("onnx.GridSample_v16")
def grid_sample_modes(match: Match) -> None:
    """GridSample {mode = "bilinear" | "bicubic"} = GridSample {mode = "linear" | "cubic"}"""
    mode = match.op.text("mode")
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    match.become("GridSample", match.op.inputs, mode=mode)


@rewrites("onnx.Selu_v1")
def selu_constants(match: Match) -> None:
    """Selu(x) = Selu(x) {alpha = 1.6732, gamma = 1.0507}, the constants as they were rounded"""
    alpha = match.op.number("alpha", 1.6732)
    gamma = match.op.number("gamma", 1.0507)
    match.become("Selu", match.op.inputs, without=("consumed_inputs",), alpha=alpha, gamma=gamma)


@rewrites("onnx.LpPool_v1", "onnx.GlobalLpPool_v1")
def whole_norm(match: Match) -> None:
    """LpPool {p = 2.0} = LpPool {p = 2}"""
    op = match.op
    norm = op.number("p")
    if norm.is_integer() and (op.operator == "GlobalLpPool" or "kernel_shape" in op.properties):
        match.become(op.operator, op.inputs, p=int(norm))


@rewrites(
    "onnx.BatchNormalization_v1",
    "onnx.BatchNormalization_v6",
    "onnx.BatchNormalization_v7",
    "onnx.BatchNormalization_v9",
)
def batch_norm_inference(match: Match) -> None:
    """BatchNormalization(x, …) with one result is in inference mode

    It stays if it trains (more results are read, or is_test = 0 is written), or if its statistics
    are not of channels.
    """
    op = match.op
    spatial = op.attribute("spatial") if "spatial" in op.SCHEMA.attributes else 1
    trains = any(result.uses for result in list(op.results)[1:])
    if spatial == 0 or trains or op.properties.get("is_test") == _NO:
        return
    without = ("consumed_inputs", "is_test", "spatial")
    match.become("BatchNormalization", op.inputs, without=without, results=1)


@rewrites("onnx.Dropout_v1", "onnx.Dropout_v6", "onnx.Dropout_v7", "onnx.Dropout_v10")
def dropout_inference(match: Match) -> None:
    """Dropout(x) {ratio} = Dropout(x) where it does not train and nobody reads the mask"""
    op = match.op
    mask_read = any(result.uses for result in list(op.results)[1:])
    if mask_read or op.properties.get("is_test") == _NO:
        return
    without = ("consumed_inputs", "is_test", "ratio")
    match.become("Dropout", op.inputs, without=without, results=1)


@rewrites("onnx.Scatter", "onnx.Scatter_v9")
def scatter(match: Match) -> None:
    """Scatter(x, i, u) = ScatterElements(x, i, u)"""
    match.become("ScatterElements", match.op.inputs)
