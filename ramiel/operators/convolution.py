"""Convolutions."""

from __future__ import annotations

from math import prod
from typing import Any

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.sliding_window import Window, collapse, pad_explicitly, pad_input, window_of


def known_elements(value: SSAValue) -> int:
    """The number of elements; dimensions that are not known count as 1."""
    return prod(dim for dim in tensors.dims_of(value.type) or [] if isinstance(dim, int))


def _per_filter(op: CallOp, weight: str, filters: int) -> int:
    """The weight's elements that one element of the result, or of the input, meets."""
    bound = op.bind()
    dims = tensors.dims_of(bound[weight].type) or []
    return prod(dim for axis, dim in enumerate(dims) if isinstance(dim, int) and axis != filters)


def convolution_flops(op: CallOp) -> int:
    """A multiplication and an addition for each element of the result and tap of its filter."""
    return 2 * known_elements(op.results[0]) * _per_filter(op, "weight", 0)


def transposed_flops(op: CallOp) -> int:
    """A multiplication and an addition for each element of the input and tap of its filter."""
    return 2 * known_elements(op.operands[0]) * _per_filter(op, "weight", 0)


_QUANTIZED = "pads, stride, dilation, groups=1"
for _rank in (1, 2, 3):
    callee(
        f"torch.nn.functional.conv{_rank}d",
        "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1",
        flops=convolution_flops,
    )
    callee(
        f"torch.nn.functional.conv_transpose{_rank}d",
        "input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1",
        flops=transposed_flops,
    )
callee("add_channel_bias", "input, bias, ones", "{input} + {bias}.reshape(-1, {*ones})")
callee(
    "operators.conv_integer",
    f"x, weight, x_zero_point=None, weight_zero_point=None, *, {_QUANTIZED}",
    flops=convolution_flops,
    helper="convolution.conv_integer",
)
callee(
    "operators.conv_quantized",
    "x, x_scale, x_zero_point, weight, weight_scale, weight_zero_point, y_scale, y_zero_point, "
    f"bias=None, *, {_QUANTIZED}",
    flops=convolution_flops,
    helper="convolution.conv_quantized",
)
callee(
    "operators.deform_conv2d",
    "x, weight, offset, bias=None, mask=None, *, stride, pads, dilation, groups=1, offset_groups=1",
    flops=convolution_flops,
    helper="convolution.deform_conv2d",
)


def kernel_of(op: OnnxOperation, emit: Emitter, weight: SSAValue) -> list[int]:
    """The spatial sizes of a weight.  Raises Unsupported if they are not known."""
    dims = (tensors.dims_of(weight.type) or [])[2:]
    known = [dim for dim in dims if isinstance(dim, int)]
    kernel = op.integers("kernel_shape")
    if kernel is None and (len(known) != len(dims) or tensors.dims_of(weight.type) is None):
        emit.refuse("needs a kernel of known size")
    return known if kernel is None else kernel


def _check_rank(emit: Emitter, window: Window) -> None:
    if window.rank not in (1, 2, 3):
        emit.refuse(f"is not supported with {window.rank} spatial dimensions")


@meaning("Conv")
def conv(op: OnnxOperation, emit: Emitter) -> Values:
    """Convolution of (N, C, *spatial) with (M, C / group, *kernel)."""
    x, weight = op.input(0), op.input(1)
    window = window_of(op, emit, x, kernel_of(op, emit, weight))
    _check_rank(emit, window)
    x, window = pad_input(emit, x, window)
    return emit(
        f"torch.nn.functional.conv{window.rank}d",
        x,
        weight,
        bias=op.optional_input(2),
        stride=collapse(window.stride),
        padding=collapse(window.before),
        dilation=collapse(window.dilation),
        groups=op.integer("group"),
    )


@meaning("ConvTranspose")
def conv_transpose(op: OnnxOperation, emit: Emitter) -> Values:
    """The gradient of a convolution: (N, C, *spatial) with (C, M / group, *kernel)."""
    x, weight, bias = op.input(0), op.input(1), op.optional_input(2)
    window, output_padding = _transposed_window(op, emit, x, kernel_of(op, emit, weight))
    _check_rank(emit, window)
    # PyTorch has one padding for both sides, and adds output_padding at the end.
    added = [
        first - last + more
        for first, last, more in zip(window.before, window.after, output_padding, strict=True)
    ]
    limits = [max(pair) for pair in zip(window.stride, window.dilation, strict=True)]
    same_function = all(
        first >= 0 and 0 <= more < limit
        for first, more, limit in zip(window.before, added, limits, strict=True)
    )
    arguments: dict[str, Any] = {
        "stride": collapse(window.stride),
        "groups": op.integer("group"),
        "dilation": collapse(window.dilation),
    }
    key = f"torch.nn.functional.conv_transpose{window.rank}d"
    if same_function:
        arguments["padding"] = collapse(window.before)
        arguments["output_padding"] = collapse(added)
        return emit(key, x, weight, bias=bias, **arguments)
    whole = emit(key, x, weight, **arguments)
    begin = [-end for end in window.before]
    end = [more - end for end, more in zip(window.after, output_padding, strict=True)]
    cropped = pad_explicitly(emit, whole, begin, end)
    if bias is None:
        return cropped
    return emit("add_channel_bias", cropped, bias, ones=[1] * window.rank)


def _transposed_window(
    op: OnnxOperation, emit: Emitter, x: SSAValue, kernel: list[int]
) -> tuple[Window, list[int]]:
    """The window of a ConvTranspose with its pads worked out, and its output padding."""
    rank = emit.rank(x) - 2
    if len(kernel) != rank:
        emit.refuse(f"has a kernel of {len(kernel)} dimensions for {rank} spatial ones")
    stride = op.integers("strides") or [1] * rank
    dilation = op.integers("dilations") or [1] * rank
    output_padding = op.integers("output_padding") or [0] * rank
    pads = op.integers("pads") or [0] * (2 * rank)
    auto_pad, output_shape = op.text("auto_pad", "NOTSET"), op.integers("output_shape")
    window = Window(
        tuple(kernel), tuple(stride), tuple(dilation), tuple(pads[:rank]), tuple(pads[rank:])
    )
    if auto_pad == "VALID" and output_shape is None:
        return window.unpadded(), output_padding
    if auto_pad in ("NOTSET", "") and output_shape is None:
        return window, output_padding
    totals: list[int] = []
    for axis in range(rank):
        covered = window.extent[axis] + output_padding[axis] - stride[axis]
        if output_shape is None:
            # The result has size · stride elements.
            totals.append(max(covered, 0) if covered >= 0 else covered)
            continue
        size = (tensors.dims_of(x.type) or [])[2 + axis]
        if not isinstance(size, int):
            emit.refuse("with output_shape needs an input of known size")
        totals.append(stride[axis] * size + covered - output_shape[axis - rank])
    small = [total // 2 for total in totals]
    large = [total - total // 2 for total in totals]
    before, after = (small, large) if auto_pad == "SAME_UPPER" else (large, small)
    return (
        Window(window.kernel, window.stride, window.dilation, tuple(before), tuple(after)),
        output_padding,
    )


def _quantized_arguments(
    op: OnnxOperation, emit: Emitter, x: SSAValue, weight: SSAValue
) -> dict[str, Any]:
    window = window_of(op, emit, x, kernel_of(op, emit, weight))
    _check_rank(emit, window)
    if window.same:
        emit.refuse("with auto_pad needs an input of known size")
    pairs = zip(reversed(window.before), reversed(window.after), strict=True)
    return {
        "pads": [end for pair in pairs for end in pair],
        "stride": list(window.stride),
        "dilation": list(window.dilation),
        "groups": op.integer("group"),
    }


@meaning("ConvInteger")
def convolution_of_integers(op: OnnxOperation, emit: Emitter) -> Values:
    """(x - x_zero_point) convolved with (w - w_zero_point), in int32."""
    x, weight = op.input(0), op.input(1)
    return emit(
        "operators.conv_integer",
        x,
        weight,
        x_zero_point=op.optional_input(2),
        weight_zero_point=op.optional_input(3),
        **_quantized_arguments(op, emit, x, weight),
    )


@meaning("QLinearConv")
def quantized_convolution(op: OnnxOperation, emit: Emitter) -> Values:
    """A convolution of dequantized operands, quantized again."""
    operands = [op.input(index) for index in range(8)]
    arguments = _quantized_arguments(op, emit, operands[0], operands[3])
    bias = op.optional_input(8)
    return emit("operators.conv_quantized", *operands, bias=bias, **arguments)


@meaning("DeformConv")
def deformable_convolution(op: OnnxOperation, emit: Emitter) -> Values:
    """A convolution whose taps are moved by an input, sampled bilinearly."""
    x, weight, offset = op.input(0), op.input(1), op.input(2)
    window = window_of(op, emit, x, kernel_of(op, emit, weight))
    if window.rank != 2 or emit.dtype(x).itemsize < 4:
        emit.refuse("is supported in 2-d, in float32 or float64")
    return emit(
        "operators.deform_conv2d",
        x,
        weight,
        cast(emit, offset, emit.dtype(x)),
        bias=op.optional_input(3),
        mask=op.optional_input(4),
        stride=list(window.stride),
        pads=list(window.before),
        dilation=list(window.dilation),
        groups=op.integer("group"),
        offset_groups=op.integer("offset_group"),
    )
