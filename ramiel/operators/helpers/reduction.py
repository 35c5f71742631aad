"""Reductions that torch has over one axis only, or not at all."""

from __future__ import annotations

import math

import torch


def product(
    x: torch.Tensor, dims: tuple[int, ...], keepdim: bool = False
) -> torch.Tensor:
    """The product over several dimensions."""
    for dim in sorted((dim % max(x.ndim, 1) for dim in dims), reverse=True):
        x = x.prod(dim, keepdim=keepdim)
    return x


def integer_mean(
    x: torch.Tensor, dims: tuple[int, ...] | torch.Tensor, keepdim: bool = False
) -> torch.Tensor:
    """The mean of integers rounded towards zero; no dims stand for all of them."""
    axes = tuple(int(dim) for dim in dims) if isinstance(dims, torch.Tensor) else dims
    total = x.sum(axes, keepdim=keepdim)
    count = x.numel() // max(total.numel(), 1)
    return torch.div(total, count, rounding_mode="trunc").to(x.dtype)


def reduce_axes(
    x: torch.Tensor, axes: torch.Tensor, operation: str, keepdim: bool = False
) -> torch.Tensor:
    """`x.operation(axes)`, such as sum, for axes that are known at run time only."""
    dims = tuple(int(axis) for axis in axes)
    if operation == "prod":
        return product(x, dims or tuple(range(x.ndim)), keepdim)
    if operation in ("amax", "amin") and x.numel() == 0:
        return extreme_of_nothing(x, operation, dims, keepdim)
    return getattr(x, operation)(dims, keepdim=keepdim)


def extreme_of_nothing(
    x: torch.Tensor, operation: str, dims: tuple[int, ...], keepdim: bool
) -> torch.Tensor:
    """The smallest number of the dtype as the maximum of an empty tensor, or the largest."""
    sign = -1 if operation == "amax" else 1
    if x.is_floating_point():
        limit = sign * math.inf
    elif x.dtype == torch.bool:
        limit = sign > 0
    else:
        limit = torch.iinfo(x.dtype).min if sign < 0 else torch.iinfo(x.dtype).max
    shape = x.to(torch.float32).sum(dims, keepdim=keepdim).shape
    return torch.full(shape, limit, dtype=x.dtype)


def cumulate(
    x: torch.Tensor,
    axis: int | torch.Tensor,
    operation: str,
    exclusive: bool = False,
    reverse: bool = False,
) -> torch.Tensor:
    """Running sum or product along an axis, from the end if reverse (ONNX CumSum, CumProd).

    An exclusive one at a position leaves the element there out.
    """
    dim = int(axis)
    x = x.flip(dim) if reverse else x
    if exclusive and x.shape[dim]:
        neutral = torch.full_like(
            x.narrow(dim, 0, 1), 1 if operation == "cumprod" else 0
        )
        x = torch.cat([neutral, x.narrow(dim, 0, x.shape[dim] - 1)], dim)
    result = getattr(x, operation)(dim, dtype=x.dtype)
    return result.flip(dim) if reverse else result
