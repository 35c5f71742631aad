"""Poolings by oneDNN, called directly: they start sooner and use vector registers better.

As in onnxruntime a maximum is at least the least finite number, and NaN may count as that.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ramiel.runtime.primitive_pooling import pooled


def onednn_max_pool2d(
    x: torch.Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
) -> torch.Tensor:
    """F.max_pool2d of finite (N, C, H, W), channels last; PyTorch's where it must."""
    y = pooled(x, kernel_size, stride, padding, dilation, ceil_mode)
    if y is not None:
        return y
    return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode)


def onednn_avg_pool2d(
    x: torch.Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> torch.Tensor:
    """F.avg_pool2d of (N, C, H, W), channels last; PyTorch's where it must."""
    y = pooled(
        x,
        kernel_size,
        stride,
        padding,
        1,
        ceil_mode,
        average=True,
        count_include_pad=count_include_pad,
    )
    if y is not None:
        return y
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
