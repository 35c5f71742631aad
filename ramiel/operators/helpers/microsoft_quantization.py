"""Quantized operators of ONNX Runtime."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import torch


def integer_product(
    a: torch.Tensor,
    b: torch.Tensor,
    a_zero_point: torch.Tensor | None,
    b_zero_point: torch.Tensor | None,
) -> torch.Tensor:
    """(a - a_zero_point) @ (b - b_zero_point) of 8-bit integers in int32.

    A zero point is one number, or one for each column of b.
    """
    left, right = a.to(torch.int32), b.to(torch.int32)
    if a_zero_point is not None:
        left = left - a_zero_point.to(torch.int32)
    if b_zero_point is not None:
        right = right - b_zero_point.to(torch.int32)
    return left @ right


def quantized_sum(
    a: torch.Tensor,
    a_scale: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    c_scale: torch.Tensor,
    a_zero_point: torch.Tensor | None = None,
    b_zero_point: torch.Tensor | None = None,
    c_zero_point: torch.Tensor | None = None,
) -> torch.Tensor:
    """ONNX Runtime's QLinearAdd: a + b, element by element, in the dtype of a."""
    left, right = a_scale / c_scale, b_scale / c_scale
    # All zero points are gathered in one addend before anything is rounded.
    offset = torch.zeros_like(c_scale) if c_zero_point is None else c_zero_point.float()
    offset = offset if a_zero_point is None else offset - left * a_zero_point
    offset = offset if b_zero_point is None else offset - right * b_zero_point
    value = (a * left + (b * right + offset)).round()
    return value.clamp(torch.iinfo(a.dtype).min, torch.iinfo(a.dtype).max).to(a.dtype)


def quantized_product(
    a: torch.Tensor,
    a_scale: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    c_scale: torch.Tensor,
    a_zero_point: torch.Tensor | None = None,
    b_zero_point: torch.Tensor | None = None,
    c_zero_point: torch.Tensor | None = None,
) -> torch.Tensor:
    """ONNX Runtime's QLinearMul: a · b, element by element, in the dtype of a."""
    left, right = a.to(torch.int32), b.to(torch.int32)
    left = left if a_zero_point is None else left - a_zero_point.to(torch.int32)
    right = right if b_zero_point is None else right - b_zero_point.to(torch.int32)
    value = (left * right) * (a_scale * b_scale / c_scale)
    # ONNX Runtime adds the zero point before it rounds: it decides where a half goes.
    value = value if c_zero_point is None else value + c_zero_point
    value = value.round()
    return value.clamp(torch.iinfo(a.dtype).min, torch.iinfo(a.dtype).max).to(a.dtype)


def quantize_shifted(
    x: torch.Tensor, scale: torch.Tensor, zero_point: torch.Tensor
) -> torch.Tensor:
    """saturate(round(x / scale + zero point)): ONNX Runtime's poolings shift before they round."""
    limits = torch.iinfo(zero_point.dtype)
    value = (x / scale + zero_point).round()
    return value.clamp(limits.min, limits.max).to(zero_point.dtype)


def quantized_softmax(
    x: torch.Tensor,
    x_scale: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero_point: torch.Tensor,
    axis: int = -1,
    to_the_end: bool = False,
) -> torch.Tensor:
    """ONNX Runtime's QLinearSoftmax along an axis, or along all axes from it on.

    ONNX Runtime rounds the reciprocal of y_scale down, and so does this.
    """
    wide = x.to(torch.float32) * x_scale
    flat = wide.flatten(axis % x.dim()) if to_the_end else wide
    y = torch.softmax(flat, -1 if to_the_end else axis).reshape(x.shape)
    value = (y * torch.floor(1 / y_scale)).round() + y_zero_point
    limits = torch.iinfo(y_zero_point.dtype)
    return value.clamp(limits.min, limits.max).to(y_zero_point.dtype)


def quantized_global_average(
    x: torch.Tensor,
    x_scale: torch.Tensor,
    x_zero_point: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero_point: torch.Tensor,
) -> torch.Tensor:
    """ONNX Runtime's QLinearGlobalAveragePool of x (N, C, *spatial)."""
    dims = tuple(range(2, x.dim()))
    centered = x.to(torch.int32) - x_zero_point.to(torch.int32)
    count = x[0, 0].numel()
    value = (centered.sum(dims, keepdim=True) * (x_scale / (y_scale * count))).round()
    limits = torch.iinfo(y_zero_point.dtype)
    return (value + y_zero_point).clamp(limits.min, limits.max).to(y_zero_point.dtype)


def matmul_integer_to_float(
    a: torch.Tensor,
    b: torch.Tensor,
    a_scale: torch.Tensor,
    b_scale: torch.Tensor,
    a_zero_point: torch.Tensor | None = None,
    b_zero_point: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """The product of two quantized tensors in the dtype of the scales, with a bias (N,).

    ONNX Runtime's MatMulIntegerToFloat.
    """
    product = integer_product(a, b, a_zero_point, b_zero_point)
    y = product.to(a_scale.dtype) * (a_scale * b_scale)
    return y if bias is None else y + bias


def dynamic_quantize_matmul(
    a: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    b_zero_point: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """a, quantized to uint8 over its range and 0, times a quantized b.

    ONNX Runtime's DynamicQuantizeMatMul.
    """
    low, high = a.min().clamp(max=0), a.max().clamp(min=0)
    scale = torch.where(low == high, 1.0, (high - low) / 255)
    zero_point = (0 - low / scale).clamp(0, 255).round()
    quantized = ((a / scale).round() + zero_point).clamp(0, 255)
    return matmul_integer_to_float(
        quantized, b, scale, b_scale, zero_point, b_zero_point, bias
    )


def quantized_gemm(
    a: torch.Tensor,
    a_scale: torch.Tensor,
    a_zero_point: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    b_zero_point: torch.Tensor,
    c: torch.Tensor | None = None,
    y_scale: torch.Tensor | None = None,
    y_zero_point: torch.Tensor | None = None,
    alpha: float = 1.0,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> torch.Tensor:
    """ONNX Runtime's QGemm: quantized if y_scale is given, else float32.

    c is int32 in the scale alpha · a_scale · b_scale.
    """
    left = (a.to(torch.int32) - a_zero_point.to(torch.int32)).to(torch.float64)
    right = b.to(torch.int32)
    right = right.T if transpose_b else right
    right = (right - b_zero_point.to(torch.int32)).to(torch.float64)
    total = (left.T if transpose_a else left) @ right
    total = total if c is None else total + c
    factor = alpha * a_scale * b_scale
    if y_scale is None:
        return total.to(torch.float32) * factor
    dtype = a.dtype if y_zero_point is None else y_zero_point.dtype
    value = (total.to(torch.float32) * (factor / y_scale)).round()
    value = value if y_zero_point is None else value + y_zero_point
    return value.clamp(torch.iinfo(dtype).min, torch.iinfo(dtype).max).to(dtype)


def unpack_bits(packed: torch.Tensor, bits: int) -> torch.Tensor:
    """The numbers of 2, 4 or 8 bits in the bytes of the last dimension, lowest bits first."""
    shifts = torch.arange(0, 8, bits, device=packed.device)
    return ((packed.to(torch.int64).unsqueeze(-1) >> shifts) & (2**bits - 1)).flatten(
        -2
    )


def unpack_blocks(
    packed: torch.Tensor,
    scales: torch.Tensor,
    zero_points: torch.Tensor | None = None,
    group_index: torch.Tensor | None = None,
    *,
    columns: int,
    block_size: int,
    bits: int,
) -> torch.Tensor:
    """The weight (rows, columns) that packed (rows, blocks, bytes) holds, in the scales' dtype.

    ONNX Runtime's MatMulNBits: a scale for each block of a row; zero points packed like the
    weight, or floats; `group_index` (columns,) says which block a column belongs to.
    """
    rows, blocks = packed.shape[0], packed.shape[1]
    numbers = unpack_bits(packed, bits).reshape(rows, -1)[:, :columns].to(scales.dtype)
    scales = scales.reshape(rows, blocks)
    if zero_points is None:
        offsets = torch.full_like(scales, 2 ** (bits - 1))
    elif zero_points.is_floating_point():
        offsets = zero_points.reshape(rows, blocks).to(scales.dtype)
    else:
        offsets = unpack_bits(zero_points.reshape(rows, -1), bits)[:, :blocks].to(
            scales.dtype
        )
    if group_index is None:
        group_index = torch.arange(columns, device=packed.device) // block_size
    groups = group_index.long()
    return (numbers - offsets[:, groups]) * scales[:, groups]


def gather_blocks(
    data: torch.Tensor,
    indices: torch.Tensor,
    scales: torch.Tensor,
    zero_points: torch.Tensor | None = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
    is_packed: bool = False,
) -> torch.Tensor:
    """ONNX Runtime's GatherBlockQuantized: slices of data, whose blocks have a scale each.

    `is_packed`: bytes of data and zero points hold several numbers along the last dimension.
    """
    numbers = unpack_bits(data, bits) if is_packed else data.long()
    if zero_points is not None:
        offsets = unpack_bits(zero_points, bits) if is_packed else zero_points.long()
        offsets = offsets.narrow(-1, 0, scales.shape[-1])
    else:
        unsigned = data.dtype == torch.uint8 and (is_packed or bits == 8)
        offsets = torch.full_like(scales, 2 ** (bits - 1) if unsigned else 0).long()
    size = numbers.shape[quantize_axis]
    groups = torch.arange(size, device=data.device) // block_size
    offset, scale = (x.index_select(quantize_axis, groups) for x in (offsets, scales))
    axis = gather_axis % data.dim()
    places = torch.where(indices < 0, indices + numbers.shape[axis], indices).long()
    sides = [x.index_select(axis, places.flatten()) for x in (numbers, offset, scale)]
    gathered = (sides[0] - sides[1]).to(scales.dtype) * sides[2]
    return (
        gathered.unflatten(axis, places.shape)
        if places.dim()
        else gathered.squeeze(axis)
    )
