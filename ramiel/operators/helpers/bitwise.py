"""Shifts of integers, for whose unsigned dtypes torch has few kernels."""

from __future__ import annotations

import torch


def shift_left(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """x · 2^count modulo the dtype's range (ONNX BitShift LEFT).

    0 where the count is negative or not less than the number of bits.
    """
    bits, places = x.to(torch.int64), count.to(torch.int64)
    beyond = (places < 0) | (places >= 8 * x.element_size())
    return torch.where(beyond, 0, bits << places.clamp(0, 63)).to(x.dtype)


def shift_right(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """⌊x / 2^count⌋ (ONNX BitShift RIGHT).

    0, or -1 for a negative x, where the count is negative or not less than the number of bits.
    """
    bits, places = x.to(torch.int64), count.to(torch.int64)
    beyond = (places < 0) | (places >= 8 * x.element_size())
    shifted = bits >> torch.where(beyond, 63, places)
    if x.dtype == torch.uint64:
        # The highest bit of uint64 is no sign: what it fills in is cleared.
        kept = torch.iinfo(torch.int64).max >> (places - 1).clamp(0, 62)
        shifted = torch.where(places == 0, bits, torch.where(beyond, 0, shifted & kept))
    return shifted.to(x.dtype)
