"""Blocks of an image as channels or columns, and back."""

from __future__ import annotations

from typing import Any

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import narrow, widen
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.sliding_window import collapse

callee("torch.nn.functional.pixel_shuffle", "input, upscale_factor, /")
callee("torch.nn.functional.pixel_unshuffle", "input, downscale_factor, /")
callee(
    "torch.nn.functional.fold", "input, output_size, kernel_size, dilation=1, padding=0, stride=1"
)
callee("operators.depth_to_space", "x, blocksize", helper="shape.depth_to_space")
callee("operators.space_to_depth", "x, blocksize", helper="shape.space_to_depth")
callee(
    "operators.fold_columns",
    "x, image_shape, block_shape, dilation, pads, stride",
    helper="shape.fold_columns",
)
callee(
    "fold_columns_by_tensor",
    "x, image_shape, block_shape, dilation, pads, stride",
    "operators.fold_columns({x}, {image_shape:sizes}, {block_shape:sizes}{...})",
    helper="shape.fold_columns",
)


def _column_row_depth(op: OnnxOperation) -> bool:
    return "mode" in op.SCHEMA.attributes and op.text("mode") == "CRD"


@meaning("DepthToSpace")
def depth_to_space_of(op: OnnxOperation, emit: Emitter) -> Values:
    """Channels become blocks of pixels."""
    x, blocksize = op.input(0), op.integer("blocksize")
    if not _column_row_depth(op):
        return emit("operators.depth_to_space", x, blocksize=blocksize)
    shuffled = emit("torch.nn.functional.pixel_shuffle", widen(emit, x), upscale_factor=blocksize)
    return narrow(emit, shuffled, x)


@meaning("SpaceToDepth")
def space_to_depth_of(op: OnnxOperation, emit: Emitter) -> Values:
    """Blocks of pixels become channels."""
    x, blocksize = op.input(0), op.integer("blocksize")
    if not _column_row_depth(op):
        return emit("operators.space_to_depth", x, blocksize=blocksize)
    key = "torch.nn.functional.pixel_unshuffle"
    return narrow(emit, emit(key, widen(emit, x), downscale_factor=blocksize), x)


@meaning("Col2Im")
def col2im(op: OnnxOperation, emit: Emitter) -> Values:
    """Columns put back as overlapping blocks of an image, added up."""
    x = op.input(0)
    image, block = (emit.constant(op.input(index)) for index in (1, 2))
    rank = (emit.shape(op.input(1)) or (0,))[0]
    if not rank:
        emit.refuse("needs an image shape of known rank")
    dilation = op.integers("dilations") or [1] * rank
    pads = op.integers("pads") or [0] * (2 * rank)
    stride = op.integers("strides") or [1] * rank
    if image is None or block is None:
        geometry: dict[str, Any] = {"dilation": dilation, "pads": pads, "stride": stride}
        return emit("fold_columns_by_tensor", x, op.input(1), op.input(2), **geometry)
    floating = emit.dtype(x).kind == "f"
    if rank == 2 and floating and pads[:2] == pads[2:]:
        return emit(
            "torch.nn.functional.fold",
            x,
            output_size=image.tolist(),
            kernel_size=block.tolist(),
            dilation=collapse(dilation),
            padding=collapse(pads[:2]),
            stride=collapse(stride),
        )
    return emit(
        "operators.fold_columns",
        x,
        image_shape=image.tolist(),
        block_shape=block.tolist(),
        dilation=dilation,
        pads=pads,
        stride=stride,
    )
