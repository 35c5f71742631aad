"""Poolings: local and global."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.sliding_window import Window, collapse, pad_explicitly, pad_input, window_of


def pooling_flops(op: CallOp) -> int:
    """One operation for each element of each window."""
    kernel = op.literal("kernel_size") if "kernel_size" in op.bind() else op.literal("kernel")
    taps = kernel ** (tensor_rank(op) - 2) if isinstance(kernel, int) else prod(kernel)
    return known_elements(op.results[0]) * taps


def tensor_rank(op: CallOp) -> int:
    """The rank of a call's result, 2 if it is not known."""
    dims = tensors.dims_of(op.results[0].type)
    return 2 if dims is None else len(dims)


def input_flops(op: CallOp) -> int:
    """One operation for each element of the operand."""
    return known_elements(op.operands[0])


_GEOMETRY = "kernel, stride, dilation, before, after, ceil_mode=False"
for _rank in (1, 2, 3):
    callee(
        f"torch.nn.functional.max_pool{_rank}d",
        "input, kernel_size, /, stride=None, padding=0, dilation=1, ceil_mode=False",
        flops=pooling_flops,
    )
    callee(
        f"torch.nn.functional.avg_pool{_rank}d",
        "input, kernel_size, /, stride=None, padding=0, ceil_mode=False, count_include_pad=True",
        flops=pooling_flops,
    )
    for _kind in ("avg", "max"):
        callee(
            f"torch.nn.functional.adaptive_{_kind}_pool{_rank}d",
            "input, output_size, /",
            flops=input_flops,
        )
callee("global_average", "input, dims", "{input}.mean({dims}, keepdim=True)", flops=input_flops)
callee("global_maximum", "input, dims", "{input}.amax({dims}, keepdim=True)", flops=input_flops)
callee(
    "global_norm",
    "input, p, dims",
    "torch.linalg.vector_norm({input}, {p}, {dims}, keepdim=True)",
    flops=input_flops,
)
callee(
    "operators.average_pool",
    f"x, {_GEOMETRY}, count_include_pad=False",
    flops=pooling_flops,
    helper="pooling.average_pool",
)
callee(
    "operators.max_pool_with_indices",
    f"x, {_GEOMETRY}, column_major=False",
    flops=pooling_flops,
    helper="pooling.max_pool_with_indices",
)
callee("operators.lp_pool", f"x, {_GEOMETRY}, p=2.0", flops=pooling_flops, helper="pooling.lp_pool")
callee("operators.max_unpool", "x, indices, shape", helper="pooling.max_unpool")
callee(
    "operators.max_unpool_into", "x, indices, shape, output_shape", helper="pooling.max_unpool_into"
)
callee(
    "max_unpool_by_tensor",
    "x, indices, shape, output_shape",
    "operators.max_unpool_into({x}, {indices}, {shape}, {output_shape:sizes})",
    helper="pooling.max_unpool_into",
)
callee(
    "operators.max_roi_pool",
    "x, rois, pooled_shape, spatial_scale=1.0",
    helper="pooling.max_roi_pool",
)


def _pooling_window(op: OnnxOperation, emit: Emitter) -> Window:
    kernel = op.integers("kernel_shape")
    if kernel is None:
        emit.refuse("needs a kernel_shape")
    return window_of(op, emit, op.input(0), kernel)


def _ceil_mode(op: OnnxOperation) -> bool:
    known = "ceil_mode" in op.SCHEMA.attributes
    return known and bool(op.integer("ceil_mode")) and op.text("auto_pad", "NOTSET") == "NOTSET"


def _common(window: Window) -> dict[str, Any]:
    """The arguments of PyTorch's poolings, for a window whose padding is symmetric."""
    stride = None if window.stride == window.kernel else collapse(window.stride)
    return {
        "kernel_size": collapse(window.kernel),
        "stride": stride,
        "padding": collapse(window.before),
    }


def _geometry(window: Window, ceil_mode: bool) -> dict[str, Any]:
    """The arguments of the helpers."""
    return {
        "kernel": list(window.kernel),
        "stride": list(window.stride),
        "dilation": list(window.dilation),
        "before": list(window.before),
        "after": list(window.after),
        "ceil_mode": ceil_mode,
    }


def _fits(window: Window) -> bool:
    """Whether PyTorch's poolings take the padding: at most half of the window."""
    halves = (extent // 2 for extent in window.kernel)
    return window.symmetric and all(
        pad <= half for pad, half in zip(window.before, halves, strict=True)
    )


def _known_geometry(emit: Emitter, window: Window) -> Window:
    if window.same:
        emit.refuse("with auto_pad needs an input of known size")
    return window


@meaning("MaxPool")
def max_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The largest element of each window; padding never is."""
    x, window, ceil_mode = op.input(0), _pooling_window(op, emit), _ceil_mode(op)
    outputs = op.outputs
    if len(outputs) > 1 and outputs[1] is not None:
        # The storage order matters to the indices alone.
        window = _known_geometry(emit, window)
        order = bool(op.integer("storage_order"))
        geometry = _geometry(window, ceil_mode)
        key = "operators.max_pool_with_indices"
        return emit.many(key, x, count=2, column_major=order, **geometry)
    if window.rank not in (1, 2, 3):
        emit.refuse(f"is not supported with {window.rank} spatial dimensions")
    integral = emit.dtype(x).kind in "iu"
    if not _fits(window):
        padding = int(np.iinfo(emit.dtype(x)).min) if integral else -float("inf")
        if ceil_mode and not window.same:
            window = _rounded_up(emit, x, window)
            ceil_mode = False
        if window.symmetric:
            x = pad_explicitly(emit, x, window.before, window.after, padding)
            window = window.unpadded()
        x, window = pad_input(emit, x, window, padding)
    return emit(
        f"torch.nn.functional.max_pool{window.rank}d",
        x,
        **_common(window),
        dilation=collapse(window.dilation),
        ceil_mode=ceil_mode,
    )


def _rounded_up(emit: Emitter, x: SSAValue, window: Window) -> Window:
    """The window with the padding after x that `ceil_mode` amounts to."""
    after: list[int] = []
    sizes = (tensors.dims_of(x.type) or [])[2:]
    for axis, size in enumerate(sizes):
        if not isinstance(size, int):
            emit.refuse("with ceil_mode and uneven padding needs an input of known size")
        stride, before = window.stride[axis], window.before[axis]
        last = size + before + window.after[axis] - window.extent[axis]
        last = -(-last // stride) * stride
        if last >= size + before:
            last -= stride
        after.append(last + window.extent[axis] - before - size)
    return Window(window.kernel, window.stride, window.dilation, window.before, tuple(after))


@meaning("AveragePool")
def average_pooling(op: OnnxOperation, emit: Emitter) -> Values:
    """The mean of each window, over the elements inside x or over the padding too."""
    x, window, ceil_mode = op.input(0), _pooling_window(op, emit), _ceil_mode(op)
    known = "count_include_pad" in op.SCHEMA.attributes
    count_include_pad = known and bool(op.integer("count_include_pad"))
    dilated = any(step != 1 for step in window.dilation)
    plain = window.rank in (1, 2, 3) and not dilated
    if plain and count_include_pad and not ceil_mode and not _fits(window):
        if window.symmetric:
            x = pad_explicitly(emit, x, window.before, window.after)
            window = window.unpadded()
        x, window = pad_input(emit, x, window)
    if plain and _fits(window):
        return emit(
            f"torch.nn.functional.avg_pool{window.rank}d",
            x,
            **_common(window),
            ceil_mode=ceil_mode,
            # Without padding it makes no difference; PyTorch's default is not printed.
            count_include_pad=count_include_pad or not window.padded,
        )
    geometry = _geometry(_known_geometry(emit, window), ceil_mode)
    return emit("operators.average_pool", x, count_include_pad=count_include_pad, **geometry)


@meaning("LpPool")
def lp_pooling(op: OnnxOperation, emit: Emitter) -> Values:
    """The p-norm of each window."""
    window = _known_geometry(emit, _pooling_window(op, emit))
    geometry = _geometry(window, _ceil_mode(op))
    return emit("operators.lp_pool", op.input(0), p=op.number("p", 2.0), **geometry)


def _global(op: OnnxOperation, emit: Emitter, kind: str, otherwise: str) -> Values:
    x = op.input(0)
    rank = emit.rank(x)
    if 3 <= rank <= 5:
        return emit(f"torch.nn.functional.adaptive_{kind}_pool{rank - 2}d", x, output_size=1)
    if rank <= 2:
        return x
    return emit(otherwise, x, dims=list(range(2, rank)))


@meaning("GlobalAveragePool")
def global_average_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The mean of each channel: (N, C, *spatial) to (N, C, 1, …)."""
    return _global(op, emit, "avg", "global_average")


@meaning("GlobalMaxPool")
def global_max_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The maximum of each channel: (N, C, *spatial) to (N, C, 1, …)."""
    return _global(op, emit, "max", "global_maximum")


@meaning("GlobalLpPool")
def global_lp_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The p-norm of each channel: (N, C, *spatial) to (N, C, 1, …)."""
    x = op.input(0)
    dims = list(range(2, emit.rank(x)))
    if not dims:
        emit.refuse("needs an input with spatial dimensions")
    return emit("global_norm", x, p=op.number("p", 2.0), dims=dims)


@meaning("MaxUnpool")
def max_unpooling(op: OnnxOperation, emit: Emitter) -> Values:
    """The inverse of MaxPool: elements go back to where they were found, among zeros."""
    x, indices = op.input(0), op.input(1)
    dims = emit.shape(x)
    if dims is None:
        emit.refuse("needs an input of known shape")
    kernel = op.integers("kernel_shape") or []
    window = window_of(op, emit, x, kernel)
    shape = [
        *dims[:2],
        *(
            (size - 1) * window.stride[axis]
            + window.kernel[axis]
            - window.before[axis]
            - window.after[axis]
            for axis, size in enumerate(dims[2:])
        ),
    ]
    wanted = op.optional_input(2)
    if wanted is not None and emit.constant(wanted) is None:
        return emit("max_unpool_by_tensor", x, indices, output_shape=wanted, shape=shape)
    output_shape = emit.integers(wanted, "the output shape")
    if output_shape is None or output_shape == shape:
        return emit("operators.max_unpool", x, indices, shape=shape)
    key = "operators.max_unpool_into"
    return emit(key, x, indices, shape=shape, output_shape=output_shape)


@meaning("MaxRoiPool")
def max_roi_pooling(op: OnnxOperation, emit: Emitter) -> Values:
    """The maxima of a grid of bins in each region of interest (arXiv 1504.08083)."""
    return emit(
        "operators.max_roi_pool",
        op.input(0),
        cast(emit, op.input(1), "float32"),
        pooled_shape=op.integers("pooled_shape"),
        spatial_scale=op.number("spatial_scale"),
    )
