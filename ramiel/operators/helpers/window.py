"""Windows of signal processing as ONNX defines them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch


def cosine_window(
    size: int | torch.Tensor,
    weights: Sequence[float],
    periodic: bool,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Σ (-1)ᵏ·weightₖ·cos(2πk·n / N) for n < size, where N is size, or size - 1 if not periodic."""
    count = int(size)
    period = count if periodic else count - 1
    angle = torch.arange(count, dtype=torch.float64) * (2 * math.pi / max(period, 1))
    terms = [
        (-1) ** k * weight * torch.cos(k * angle) for k, weight in enumerate(weights)
    ]
    return torch.stack(terms).sum(0).to(dtype)


def hann_window(
    size: int | torch.Tensor, periodic: bool = True, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """The Hann window (ONNX HannWindow)."""
    return cosine_window(size, (0.5, 0.5), periodic, dtype)


def hamming_window(
    size: int | torch.Tensor, periodic: bool = True, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """The Hamming window, with the weights 25/46 and 21/46 (ONNX HammingWindow)."""
    return cosine_window(size, (25 / 46, 21 / 46), periodic, dtype)


def blackman_window(
    size: int | torch.Tensor, periodic: bool = True, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """The Blackman window (ONNX BlackmanWindow)."""
    return cosine_window(size, (0.42, 0.5, 0.08), periodic, dtype)
