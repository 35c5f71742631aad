"""Shifts of unsigned integers, for most of which torch has no kernels."""

from __future__ import annotations

import torch


def shift_left(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """x · 2^count modulo the dtype's range (ONNX BitShift LEFT)."""
    bits, places = x.to(torch.int64), count.to(torch.int64)
    beyond = (places < 0) | (places >= 8 * x.element_size())
    return torch.where(beyond, 0, bits << places.clamp(0, 63)).to(x.dtype)


def shift_right(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """⌊x / 2^count⌋ (ONNX BitShift RIGHT)."""
    bits, places = x.to(torch.int64), count.to(torch.int64)
    beyond = (places < 0) | (places >= 8 * x.element_size())
    # The sign bit of int64 is an ordinary one here, so what it fills in is cleared.
    filled = torch.where(places == 0, -1, torch.iinfo(torch.int64).max >> (places - 1).clamp(0, 62))
    return torch.where(beyond, 0, (bits >> places.clamp(0, 63)) & filled).to(x.dtype)
