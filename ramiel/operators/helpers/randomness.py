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


def bernoulli(
    x: torch.Tensor, dtype: torch.dtype, seed: int | None = None
) -> torch.Tensor:
    """1 with the probability that each element of x is, else 0 (ONNX Bernoulli)."""
    return torch.bernoulli(x, generator=generator(seed)).to(dtype)


def multinomial(
    x: torch.Tensor, sample_size: int, dtype: torch.dtype, seed: int | None = None
) -> torch.Tensor:
    """Class indices drawn with replacement from log-probabilities [batch, classes]."""
    probabilities = torch.softmax(x.to(torch.float64), dim=-1)
    drawn = torch.multinomial(
        probabilities, sample_size, True, generator=generator(seed)
    )
    return drawn.to(dtype)


def dropout(
    x: torch.Tensor,
    ratio: float | torch.Tensor = 0.5,
    training: bool | torch.Tensor = True,
    seed: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """x with `ratio` of its elements 0 and the others scaled to make up for it, and which stay.

    With a seed the numbers are those of ONNX's reference: NumPy's legacy generator has the
    Mersenne Twister of torch and makes a double of the upper bits of two of its draws (ONNX
    Dropout-22).
    """
    if not training or float(ratio) == 0:
        return x, torch.ones_like(x, dtype=torch.bool)
    bits = torch.empty(x.shape, dtype=torch.int64)
    bits.random_(-(2**63), None, generator=generator(seed))
    first, second = (bits >> 37) & 0x7FFFFFF, (bits & 0xFFFFFFFF) >> 6
    kept = (first * 2**26 + second).double() / 2**53 >= float(ratio)
    return x * kept / (1 - float(ratio)), kept
