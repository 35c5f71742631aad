"""Poolings by oneDNN's primitives, one for each shape and way."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .onednn import FAILURES, onednn
from .primitive import Primitive
from .primitives import AVERAGE, AVERAGE_WITHOUT_PADDING, MAXIMUM, Pair, pair, pooling

KEPT = 1024


def pooled(
    x: Tensor,
    kernel_size: Pair,
    stride: Pair | None,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
    average: bool = False,
    count_include_pad: bool = True,
) -> Tensor | None:
    """F.max_pool2d or F.avg_pool2d of (N, C, H, W), channels last; None without a primitive."""
    if not x.is_contiguous(memory_format=torch.channels_last):
        x = x.contiguous(memory_format=torch.channels_last)
    algorithm = MAXIMUM
    if average:
        algorithm = AVERAGE if count_include_pad else AVERAGE_WITHOUT_PADDING
    window = kernel_size, kernel_size if stride is None else stride, padding, dilation
    threads = torch.get_num_threads()
    primitive = _primitive(algorithm, x.shape, x.dtype, x.is_cpu, *window, ceil_mode, threads)
    return None if primitive is None else primitive(x)


@functools.lru_cache(maxsize=KEPT)
def _primitive(
    algorithm: int,
    shape: torch.Size,
    dtype: torch.dtype,
    is_cpu: bool,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
    threads: int,
) -> Primitive | None:
    library = onednn()
    if library is None or not is_cpu or 0 in shape:
        return None
    try:
        geometry = _geometry(shape, kernel_size, stride, padding, dilation, ceil_mode)
        beyond = any(end > pad for pad, end in zip(*geometry.paddings, strict=True))
        if algorithm == AVERAGE and beyond:
            return None  # PyTorch does not count places beyond the padding
        return pooling(library, algorithm, shape, dtype, *geometry)
    except FAILURES:
        return None


class Geometry(NamedTuple):
    """The size of the result; kernel, stride and dilation; the padding before and after."""

    size: Sequence[int]
    window: tuple[Sequence[int], Sequence[int], Sequence[int]]
    paddings: tuple[Sequence[int], Sequence[int]]


def _geometry(
    shape: torch.Size, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil: bool
) -> Geometry:
    kernels, strides, before, steps = (pair(n) for n in (kernel_size, stride, padding, dilation))
    if any(2 * pad > kernel for pad, kernel in zip(before, kernels, strict=True)):
        raise ValueError("PyTorch refuses a padding of more than half of the window")
    reach = [step * (kernel - 1) for step, kernel in zip(steps, kernels, strict=True)]
    sides = list(zip(shape[2:], before, strides, reach, strict=True))
    size = [_size(*side, ceil) for side in sides]
    after = [(n - 1) * s + r + 1 - x - p for n, (x, p, s, r) in zip(size, sides, strict=True)]
    return Geometry(size, (kernels, strides, steps), (before, after))


def _size(length: int, padding: int, stride: int, reach: int, ceil_mode: bool) -> int:
    """The places of a window in one dimension, as PyTorch counts them."""
    spare = length + 2 * padding - reach - 1
    if not ceil_mode or spare % stride == 0:
        return spare // stride + 1
    more = spare // stride + 2
    # A window that begins in the padding at the end is dropped.
    return more if (more - 1) * stride < length + padding else more - 1
