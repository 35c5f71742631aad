"""Random tensors, with a generator of their own if they have a seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def generator(seed: int | None) -> torch.Generator | None:
    """A fresh generator with a seed; None stands for torch's own."""
    return None if seed is None else torch.Generator().manual_seed(seed)


def random_normal(
    size: Sequence[int],
    mean: float = 0.0,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float32,
    seed: int | None = None,
) -> torch.Tensor:
    """Normally distributed numbers; `scale` is the standard deviation (ONNX RandomNormal)."""
    return torch.randn(size, generator=generator(seed), dtype=dtype) * scale + mean


def random_uniform(
    size: Sequence[int],
    low: float = 0.0,
    high: float = 1.0,
    dtype: torch.dtype = torch.float32,
    seed: int | None = None,
) -> torch.Tensor:
    """Numbers spread evenly over [low, high) (ONNX RandomUniform)."""
    return torch.rand(size, generator=generator(seed), dtype=dtype) * (high - low) + low


def bernoulli(x: torch.Tensor, dtype: torch.dtype, seed: int | None = None) -> torch.Tensor:
    """1 with the probability that each element of x is, else 0 (ONNX Bernoulli)."""
    return torch.bernoulli(x, generator=generator(seed)).to(dtype)


def multinomial(
    x: torch.Tensor, sample_size: int, dtype: torch.dtype, seed: int | None = None
) -> torch.Tensor:
    """Class indices drawn with replacement from log-probabilities [batch, classes]."""
    probabilities = torch.softmax(x.to(torch.float64), dim=-1)
    drawn = torch.multinomial(probabilities, sample_size, True, generator=generator(seed))
    return drawn.to(dtype)
