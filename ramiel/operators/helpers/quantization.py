"""Quantization as ONNX defines it."""

from __future__ import annotations

import torch


def spread(
    value: torch.Tensor, x: torch.Tensor, axis: int, block_size: int
) -> torch.Tensor:
    """Scales or zero points in a shape that broadcasts against x.

    One for all of x, one for each position along an axis, or one for each block of an axis.
    """
    if value.numel() == 1:
        return value.reshape(())
    if value.ndim == 1:
        shape = [1] * x.ndim
        shape[axis] = value.shape[0]
        return value.reshape(shape)
    size = block_size or -(-x.shape[axis] // value.shape[axis])
    return value.repeat_interleave(size, axis).narrow(axis, 0, x.shape[axis])


def saturate_to(
    x: torch.Tensor, dtype: torch.dtype, limits: tuple[int, int] | None = None
) -> torch.Tensor:
    """x in an integer dtype, limited to what that holds or to the numbers given."""
    low, high = limits or (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    return x.clamp(low, high).to(dtype)


def quantize(
    x: torch.Tensor,
    scale: torch.Tensor,
    zero_point: torch.Tensor | None = None,
    *,
    dtype: torch.dtype = torch.uint8,
    axis: int = 1,
    block_size: int = 0,
    precision: torch.dtype | None = None,
    limits: tuple[int, int] | None = None,
) -> torch.Tensor:
    """saturate(round(x / scale) + zero point) in integers (ONNX QuantizeLinear).

    The division is in `precision`, else in the dtype of the scale.  `limits` are the least and
    the largest result where the dtype holds more.
    """
    # float64 holds both the rounded quotients and the zero points exactly.
    value = scale_down(x, scale, axis=axis, block_size=block_size, precision=precision)
    value = value.round().to(torch.float64)
    if zero_point is not None:
        value = value + spread(zero_point, x, axis, block_size).to(torch.float64)
    return saturate_to(value, dtype, limits)


def scale_down(
    x: torch.Tensor,
    scale: torch.Tensor,
    zero_point: torch.Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    precision: torch.dtype | None = None,
) -> torch.Tensor:
    """x / scale + zero point in `precision`, else in the dtype of the scale (ONNX QuantizeLinear).

    What QuantizeLinear rounds to a small float.
    """
    precision = precision or scale.dtype
    value = x.to(precision) / spread(scale, x, axis, block_size).to(precision)
    if zero_point is not None:
        value = value + spread(zero_point, x, axis, block_size).to(precision)
    return value


def dequantize(
    x: torch.Tensor,
    scale: torch.Tensor,
    zero_point: torch.Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """(x - zero point) · scale, computed in float32 (ONNX DequantizeLinear)."""
    value = x.to(torch.float32) if x.is_floating_point() else x.to(torch.int64)
    if zero_point is not None:
        value = value - spread(zero_point, x, axis, block_size).to(value.dtype)
    product = value.to(torch.float32) * spread(scale, x, axis, block_size).to(
        torch.float32
    )
    return product.to(dtype or scale.dtype)


def dynamic_quantize(
    x: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x as uint8 over the range of x and 0, the scale and the zero point.

    ONNX DynamicQuantizeLinear.
    """
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = torch.where(low == high, 1.0, high - low) / 255
    zero_point = (0 - low / scale).clamp(0, 255).round()
    quantized = ((x / scale).round() + zero_point).clamp(0, 255)
    return quantized.to(torch.uint8), scale, zero_point.to(torch.uint8)


def matmul_integer(
    a: torch.Tensor,
    b: torch.Tensor,
    a_zero_point: torch.Tensor | None = None,
    b_zero_point: torch.Tensor | None = None,
) -> torch.Tensor:
    """(a - a_zero_point) @ (b - b_zero_point) in int32 (ONNX MatMulInteger).

    Zero points are one number, one for each row of a, or one for each column of b.
    """
    left, right = a.to(torch.int32), b.to(torch.int32)
    if a_zero_point is not None:
        left = left - per_row(a_zero_point, a).to(torch.int32)
    if b_zero_point is not None:
        right = right - b_zero_point.to(torch.int32)
    return left @ right


def per_row(value: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """A vector with one number for each row of a matrix as a column."""
    is_vector = value.ndim == 1 and value.numel() > 1 and a.ndim > 1
    return value.unsqueeze(-1) if is_vector else value


def qlinear_matmul(
    a: torch.Tensor,
    a_scale: torch.Tensor,
    a_zero_point: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    b_zero_point: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero_point: torch.Tensor,
) -> torch.Tensor:
    """The quantized product of two quantized tensors (ONNX QLinearMatMul)."""
    product = matmul_integer(a, b, a_zero_point, b_zero_point)
    factor = per_row(a_scale, a) * b_scale / y_scale
    value = (product.to(torch.float64) * factor.to(torch.float64)).round()
    return saturate_to(value + y_zero_point.to(torch.float64), y_zero_point.dtype)
