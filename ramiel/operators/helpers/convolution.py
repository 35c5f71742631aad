"""Convolutions that PyTorch has no function for: quantized and deformable ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F


def convolve_exactly(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> torch.Tensor:
    """A convolution of small integers in float64, which holds their sums exactly."""
    convolution = (F.conv1d, F.conv2d, F.conv3d)[x.dim() - 3]
    bias = None if bias is None else bias.double()
    return convolution(
        x.double(),
        weight.double(),
        bias,
        tuple(stride),
        tuple(padding),
        tuple(dilation),
        groups,
    )


def pad_quantized(
    x: torch.Tensor, zero_point: torch.Tensor | None, pads: Sequence[int]
) -> torch.Tensor:
    """x minus its zero point as float64, padded with zeros; `pads` as F.pad has them."""
    offset = 0 if zero_point is None else zero_point.double()
    return F.pad(x.double() - offset, tuple(pads))


def per_channel(values: torch.Tensor, rank: int) -> torch.Tensor:
    """Numbers per output channel, or a single one, shaped to act on a weight of that rank."""
    return values.reshape(-1, *[1] * (rank - 1)) if values.dim() == 1 else values


def conv_integer(
    x: torch.Tensor,
    weight: torch.Tensor,
    x_zero_point: torch.Tensor | None = None,
    weight_zero_point: torch.Tensor | None = None,
    *,
    pads: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
) -> torch.Tensor:
    """ONNX ConvInteger: int8 or uint8 (N, C, *spatial) and (M, C / groups, *kernel) to int32."""
    offset = (
        0 if weight_zero_point is None else per_channel(weight_zero_point, weight.dim())
    )
    x = pad_quantized(x, x_zero_point, pads)
    weight = weight.double() - offset
    none = [0] * len(stride)
    return convolve_exactly(x, weight, None, stride, none, dilation, groups).to(
        torch.int32
    )


def conv_quantized(
    x: torch.Tensor,
    x_scale: torch.Tensor,
    x_zero_point: torch.Tensor,
    weight: torch.Tensor,
    weight_scale: torch.Tensor,
    weight_zero_point: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero_point: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    pads: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
) -> torch.Tensor:
    """ONNX QLinearConv: quantized in and out; rounds half to even and saturates."""
    x = pad_quantized(x, x_zero_point, pads)
    centered = weight.double() - per_channel(weight_zero_point, weight.dim())
    none = [0] * len(stride)
    y = convolve_exactly(x, centered, bias, stride, none, dilation, groups)
    factor = x_scale * weight_scale / y_scale
    y = y * (factor.reshape(-1, *[1] * len(stride)) if factor.dim() == 1 else factor)
    limits = torch.iinfo(y_zero_point.dtype)
    y = torch.round(y) + y_zero_point
    return y.clamp(limits.min, limits.max).to(y_zero_point.dtype)


def deform_conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    offset: torch.Tensor,
    bias: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    *,
    stride: Sequence[int],
    pads: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
    offset_groups: int = 1,
) -> torch.Tensor:
    """ONNX DeformConv in 2-d (arXiv 1703.06211, 1811.11168): samples bilinearly, zero outside.

    x (N, C, H, W), weight (M, C / groups, kH, kW), offset (N, offset_groups·kH·kW·2, oH, oW) as
    (y, x) pairs, mask (N, offset_groups·kH·kW, oH, oW), pads (top, left): (N, M, oH, oW).
    """
    batch, channels, height, width = x.shape
    kernel_height, kernel_width = weight.shape[2:]
    out_height, out_width = offset.shape[2:]
    taps = kernel_height * kernel_width
    offset = offset.reshape(batch, offset_groups, taps, 2, out_height, out_width)
    tap_y = (
        torch.arange(kernel_height, device=x.device).repeat_interleave(kernel_width)
        * dilation[0]
    )
    tap_x = (
        torch.arange(kernel_width, device=x.device).repeat(kernel_height) * dilation[1]
    )
    base_y = torch.arange(out_height, device=x.device) * stride[0] - pads[0]
    base_x = torch.arange(out_width, device=x.device) * stride[1] - pads[1]
    y = offset[:, :, :, 0] + (tap_y[:, None, None] + base_y[:, None])
    x_at = offset[:, :, :, 1] + (tap_x[:, None, None] + base_x)
    # A row and a column of zeros: a plane one pixel wide has no scale of its own.
    planes = x.reshape(batch * offset_groups, channels // offset_groups, height, width)
    planes = F.pad(planes, (0, 1, 0, 1))
    grid = torch.stack([2 * x_at / width - 1, 2 * y / height - 1], dim=-1)
    grid = grid.reshape(batch * offset_groups, taps * out_height, out_width, 2)
    sampled = F.grid_sample(planes, grid, align_corners=True)
    sampled = sampled.reshape(batch, offset_groups, -1, taps, out_height, out_width)
    if mask is not None:
        sampled = sampled * mask.reshape(
            batch, offset_groups, 1, taps, out_height, out_width
        )
    columns = sampled.reshape(batch, groups, -1, out_height * out_width)
    weight = weight.reshape(groups, weight.shape[0] // groups, -1)
    result = (weight @ columns).reshape(batch, -1, out_height, out_width)
    return result if bias is None else result + bias[:, None, None]
