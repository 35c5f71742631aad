"""Arithmetic of uint64, for which torch has no kernels, on the same bits as int64."""

from __future__ import annotations

import torch


def unsigned_order(x: torch.Tensor) -> torch.Tensor:
    """uint64 as int64 in the same order: the sign bit is flipped."""
    return x.view(torch.int64) ^ torch.iinfo(torch.int64).min


def maximum_uint64(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The larger of two uint64 tensors, element by element."""
    larger = torch.maximum(unsigned_order(x), unsigned_order(y))
    return (larger ^ torch.iinfo(torch.int64).min).view(torch.uint64)


def minimum_uint64(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The smaller of two uint64 tensors, element by element."""
    smaller = torch.minimum(unsigned_order(x), unsigned_order(y))
    return (smaller ^ torch.iinfo(torch.int64).min).view(torch.uint64)


def less_uint64(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x < y for uint64 tensors, as bool."""
    return unsigned_order(x) < unsigned_order(y)


def divide_uint64(dividend: torch.Tensor, divisor: torch.Tensor) -> torch.Tensor:
    """The quotient of two uint64 tensors, rounded down.

    Half of the dividend is a non-negative int64; twice its quotient is at most 1 too small.
    """
    n, d = dividend.view(torch.int64), divisor.view(torch.int64)
    half = (n >> 1) & torch.iinfo(torch.int64).max
    quotient = torch.div(half, d.clamp(min=1), rounding_mode="trunc") << 1
    quotient = torch.where(d < 0, 0, quotient)
    rest = (n - quotient * d).view(torch.uint64)
    quotient = quotient + (unsigned_order(rest) >= unsigned_order(divisor))
    return quotient.view(torch.uint64)


def remainder_uint64(dividend: torch.Tensor, divisor: torch.Tensor) -> torch.Tensor:
    """The remainder of the division of two uint64 tensors."""
    n, d = dividend.view(torch.int64), divisor.view(torch.int64)
    return (n - divide_uint64(dividend, divisor).view(torch.int64) * d).view(
        torch.uint64
    )


def from_unsigned_order(x: torch.Tensor) -> torch.Tensor:
    """The inverse of unsigned_order."""
    return (x ^ torch.iinfo(torch.int64).min).view(torch.uint64)


def mean_uint64(
    x: torch.Tensor, dims: tuple[int, ...] | torch.Tensor, keepdim: bool = False
) -> torch.Tensor:
    """The sum modulo 2^64 over the number of elements, rounded down; no dims stand for all."""
    axes = tuple(int(dim) for dim in dims) if isinstance(dims, torch.Tensor) else dims
    total = x.view(torch.int64).sum(axes, keepdim=keepdim).view(torch.uint64)
    count = x.numel() // max(total.numel(), 1)
    return divide_uint64(total, torch.tensor(count, dtype=torch.uint64))
