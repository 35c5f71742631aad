"""Ranges and diagonals as ONNX defines them."""

from __future__ import annotations

import math

import torch


def arange(
    start: torch.Tensor, limit: torch.Tensor, delta: torch.Tensor
) -> torch.Tensor:
    """start + i·delta for i from 0 until limit is reached (ONNX Range).

    16-bit floats are computed in float32 and rounded once.
    """
    first, last, step = start.item(), limit.item(), delta.item()
    if not start.is_floating_point():
        count = max(-((first - last) // step), 0)
        return first + step * torch.arange(count, dtype=torch.int64).to(start.dtype)
    count = max(math.ceil((last - first) / step), 0)
    wide = torch.promote_types(start.dtype, torch.float32)
    steps = torch.arange(count, dtype=torch.int64).to(wide)
    return (start.to(wide).reshape(()) + steps * delta.to(wide).reshape(())).to(
        start.dtype
    )


def eye_like(x: torch.Tensor, dtype: torch.dtype, k: int = 0) -> torch.Tensor:
    """Ones on the k-th diagonal of a matrix of zeros with the shape of x (ONNX EyeLike)."""
    rows = torch.arange(x.shape[0]).unsqueeze(1)
    return (torch.arange(x.shape[1]) - rows == k).to(dtype)
