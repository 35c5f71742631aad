"""Activations that torch does not have."""

from __future__ import annotations

import torch


def shrink(x: torch.Tensor, lambd: float, bias: float) -> torch.Tensor:
    """x + bias where x < -lambd, x - bias where x > lambd, else 0 (ONNX Shrink).

    Integers are computed in float64 and rounded towards zero.
    """
    value = x if x.is_floating_point() else x.to(torch.float64)
    above = torch.where(value > lambd, value - bias, 0)
    return torch.where(value < -lambd, value + bias, above).to(x.dtype)
