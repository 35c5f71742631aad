"""Max-pooling as element-wise maxima, which PyTorch vectorizes better than the pooling itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def max_pool2d(
    x: torch.Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
) -> torch.Tensor:
    """F.max_pool2d of (N, C, H, W): the maximum of rows, then of columns.

    Only where channels are last; else PyTorch's own.
    """
    last = x.is_contiguous(memory_format=torch.channels_last)
    if not last or dilation not in (1, (1, 1)):
        return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode)
    step = kernel_size if stride is None else stride
    y = x
    for axis in (0, 1):
        window, pad = _in_axis(kernel_size, axis), _in_axis(padding, axis)
        y = _maximum_along(y, 2 + axis, window, _in_axis(step, axis), pad, ceil_mode)
    return y


def _in_axis(size: int | tuple[int, int], axis: int) -> int:
    return size if isinstance(size, int) else size[axis]


def _maximum_along(
    x: torch.Tensor, dim: int, kernel: int, step: int, pad: int, ceil_mode: bool
) -> torch.Tensor:
    """The maximum of windows in one dimension: of a strided slice for each place."""
    length = x.shape[dim]
    spare = length + 2 * pad - kernel
    size = spare // step + 1
    if ceil_mode and spare % step and size * step < length + pad:
        size += 1  # PyTorch drops a window that begins in the padding at the end
    whole: list[torch.Tensor] = []
    partial: list[tuple[int, torch.Tensor]] = []
    for offset in range(-pad, kernel - pad):
        first = max(0, -(offset // step))
        last = min(size, (length - 1 - offset) // step + 1)
        if last <= first:
            continue
        start = first * step + offset
        every = slice(start, start + (last - first - 1) * step + 1, step)
        part = x[(*[slice(None)] * dim, every)]
        if last - first == size:
            whole.append(part)
        else:
            partial.append((first, part))
    if len(whole) > 1:
        y = torch.maximum(whole[0], whole[1])
    elif whole:
        y = whole[0].clone()
    else:
        shape = [*x.shape[:dim], size, *x.shape[dim + 1 :]]
        y = x.new_full(shape, -torch.inf).contiguous(memory_format=torch.channels_last)
    for part in whole[2:]:
        torch.maximum(y, part, out=y)
    for first, part in partial:
        inside = y.narrow(dim, first, part.shape[dim])
        torch.maximum(inside, part, out=inside)
    return y
