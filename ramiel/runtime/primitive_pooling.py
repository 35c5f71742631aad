"""Poolings by oneDNN's primitives, one for each shape and way."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from .onednn import UnsupportedError, onednn
from .primitive import Primitive
from .primitives import AVERAGE, AVERAGE_WITHOUT_PADDING, MAXIMUM, pooling

Pair = int | tuple[int, int]
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
    model = torch.empty(shape, device="meta")
    if algorithm == MAXIMUM:
        result = F.max_pool2d(model, kernel_size, stride, padding, dilation, ceil_mode)
    else:
        result = F.avg_pool2d(model, kernel_size, stride, padding, ceil_mode)
    kernels, strides, before, steps = (_pair(n) for n in (kernel_size, stride, padding, dilation))
    reach = [step * (kernel - 1) for step, kernel in zip(steps, kernels, strict=True)]
    sizes = zip(result.shape[2:], strides, reach, shape[2:], before, strict=True)
    after = [(size - 1) * s + r + 1 - length - pad for size, s, r, length, pad in sizes]
    if algorithm == AVERAGE and any(end > pad for end, pad in zip(after, before, strict=True)):
        return None  # PyTorch does not count places beyond the padding
    window = kernels, strides, steps
    try:
        return pooling(library, algorithm, shape, dtype, result.shape[2:], window, (before, after))
    except UnsupportedError:
        return None


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
