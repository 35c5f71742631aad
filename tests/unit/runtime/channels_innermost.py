"""Images for machine code, and how close to float64 it has to come."""

from __future__ import annotations

import torch
from torch import Tensor


def image(*shape: int) -> Tensor:
    """Random numbers (N, C, H, W), channels innermost."""
    return torch.randn(shape).to(memory_format=torch.channels_last)


def is_close(found: Tensor, expected: Tensor) -> bool:
    """To float32's last bits of the largest number."""
    return bool((found - expected).abs().max() <= 3e-6 * expected.abs().max().clamp(min=1))
