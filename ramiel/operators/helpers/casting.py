"""Casts that torch does not have."""

from __future__ import annotations

import torch


def saturating_cast(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Cast to a float8 dtype; what is too large, infinities too, becomes the largest number.

    NaN stays NaN (ONNX Cast with saturate=1).
    """
    limit = torch.finfo(dtype).max
    return x.to(torch.float32).clamp(-limit, limit).to(dtype)
