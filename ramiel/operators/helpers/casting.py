"""Casts to float8, where torch and ONNX treat numbers out of range differently."""

from __future__ import annotations

import math

import torch


def cast_to_float8(x: torch.Tensor, dtype: torch.dtype, saturate: bool = True) -> torch.Tensor:
    """Cast to a float8 dtype (ONNX Cast).

    What is too large, infinities too, becomes the largest number; without saturation it becomes
    infinite, or NaN in a dtype without infinities.  NaN stays NaN.
    """
    wide = x.to(torch.float32)
    if saturate:
        limit = torch.finfo(dtype).max
        return wide.clamp(-limit, limit).to(dtype)
    # torch saturates float8_e4m3fn: its numbers end at 448, from 464 on the nearest one is NaN.
    is_beyond = (wide.abs() > 464) & (dtype == torch.float8_e4m3fn)
    return torch.where(is_beyond, math.nan, wide).to(dtype)
