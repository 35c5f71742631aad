"""Padding of convolutions and poolings that depends on sizes known at run time only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F


def pad_same(
    x: torch.Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    upper: bool,
    value: float = 0.0,
) -> torch.Tensor:
    """Pad (N, C, *spatial) so that a window gives ceil(size / stride) results.

    ONNX auto_pad: the odd element goes to the end if `upper` (SAME_UPPER), else to the beginning.
    """
    ends: list[int] = []
    windows = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    for size, width, step, gap in reversed(list(windows)):
        results = -(-size // step)
        total = max((results - 1) * step + (width - 1) * gap + 1 - size, 0)
        small, large = total // 2, total - total // 2
        ends += [small, large] if upper else [large, small]
    return F.pad(x, ends, value=value)
