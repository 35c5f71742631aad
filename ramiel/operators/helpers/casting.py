"""Casts to element types that torch has not, or treats differently from ONNX out of range.

Integers of 4 and 2 bits stand in int8 and uint8, float4 and float6 in float8_e4m3fn, one value to
an element.
"""

from __future__ import annotations

import math

import torch


def wrap_to_bits(x: torch.Tensor, bits: int, signed: bool = True) -> torch.Tensor:
    """Cast to an integer of fewer than 8 bits, in an int8 or uint8 (ONNX Cast).

    Fractions go, and so do the bits that are too high: 9 becomes -7 in 4 signed bits.
    """
    low = x.to(torch.int32) & (2**bits - 1)
    if not signed:
        return low.to(torch.uint8)
    return torch.where(low < 2 ** (bits - 1), low, low - 2**bits).to(torch.int8)


def cast_to_float8(
    x: torch.Tensor, dtype: torch.dtype, saturate: bool = True
) -> torch.Tensor:
    """Cast to a float8 dtype (ONNX Cast).

    What is too large, infinities too, becomes the largest number; without saturation it becomes
    infinite, or NaN in a dtype without infinities.  NaN stays NaN.
    """
    wide = x.to(torch.float32)
    if saturate:
        limit = torch.finfo(dtype).max
        return wide.clamp(-limit, limit).to(dtype)
    # torch saturates float8_e4m3fn: its numbers end at 448, from 464 on the nearest one is NaN.
    is_beyond = (wide.abs() > 464) & (dtype == torch.float8_e4m3fn)
    return torch.where(is_beyond, math.nan, wide).to(dtype)


def cast_to_float8_e8m0(
    x: torch.Tensor, saturate: bool = True, round_mode: str = "up"
) -> torch.Tensor:
    """Cast to float8_e8m0fnu, a power of two, as ONNX's numpy_helper.to_float8e8m0 does.

    Signs are lost; infinities and NaN become NaN.  Numbers between two powers go to the larger one
    ("up"), the smaller one ("down") or the nearest, ties to the larger ("nearest"); what that
    makes larger than 2^127 becomes 2^127, or NaN without saturation.
    """
    bits = x.to(torch.float32).view(torch.int32)
    exponent = (bits >> 23) & 0xFF
    fraction = bits & 0x7FFFFF
    if round_mode == "up":
        is_up = fraction > 0
    elif round_mode == "down":
        is_up = torch.zeros_like(fraction, dtype=torch.bool)
    else:
        # Below the least normal number a tie goes down.
        is_up = (fraction > 0x400000) | ((fraction == 0x400000) & (exponent > 0))
    is_up = is_up & (exponent < (0xFE if saturate else 0xFF))
    return (exponent + is_up).to(torch.uint8).view(torch.float8_e8m0fnu)


def cast_to_small_float(
    x: torch.Tensor, mantissa_bits: int, least_exponent: int, largest: float
) -> torch.Tensor:
    """Cast to a float of 4 or 6 bits, in a float8_e4m3fn, which has all of its numbers (ONNX Cast).

    To the nearest, ties to even; what is too large becomes the largest number.  NaN becomes -0, or
    0 if its sign is negative, as in ml_dtypes, which ONNX's reference casts with.
    """
    given = x.to(torch.float32)
    wide = given.clamp(-largest, largest)
    # frexp's mantissas begin at a half.
    exponent = (torch.frexp(wide).exponent - 1).clamp(min=least_exponent)
    step = torch.ldexp(torch.ones_like(wide), exponent - mantissa_bits)
    rounded = (wide / step).round() * step
    nothing = -torch.zeros_like(given).copysign(given)
    return torch.where(given.isnan(), nothing, rounded).to(torch.float8_e4m3fn)
