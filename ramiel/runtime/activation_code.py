"""Machine code that activates the numbers of a register before they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .assembler import Assembler

POWER = tuple(math.log(2) ** k / math.factorial(k) for k in range(7))
"""2 ^ x = Σ POWER[k] · x ^ k for |x| <= 1/2, to the last bit of float32."""
LEAST_POWER, LARGEST_POWER = -126.0, 127.0
POWERS = LEAST_POWER, LARGEST_POWER, *POWER
PER_LOG_2 = -1 / math.log(2)
ERF = 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429
ERF_STEP = 0.3275911
"""Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: off by 1.5e-7 at most."""

Register: TypeAlias = Callable[[float], int]
"""The register that has a number in all elements."""


@dataclass(frozen=True)
class ActivationCode:
    """`numbers` that have to be in registers; emit(assembler, register, x, spare) changes x.

    `spare`: the first of five registers that it may use.
    """

    numbers: Sequence[float]
    emit: Callable[[Assembler, Register, int, int], None]


def _relu(code: Assembler, register: Register, x: int, spare: int) -> None:
    """max(0, x), where NaN stays"""
    code.maximum(x, register(0.0), x)


def _swish(code: Assembler, register: Register, x: int, spare: int) -> None:
    """x / (1 + 2 ^ t) with t = -x / log 2"""
    code.multiply(spare, x, register(PER_LOG_2))
    _power(code, register, spare)
    code.add(spare, spare, register(1.0))
    code.divide(x, x, spare)


def _gelu(code: Assembler, register: Register, x: int, spare: int) -> None:
    """(x + |x| · erf(|x| / √2)) / 2 with erf(a) = 1 - Σ ERF[k] · t ^ (k + 1) · 2 ^ (-a² / log 2)

    where t = 1 / (1 + ERF_STEP · a).
    """
    power, total, size, t = spare, spare + 1, spare + 3, spare + 4
    code.multiply(power, x, x)
    code.multiply(power, power, register(PER_LOG_2 / 2))
    _power(code, register, power)
    code.subtract(size, register(0.0), x)
    code.maximum(size, size, x)
    code.multiply(t, size, register(ERF_STEP / math.sqrt(2)))
    code.add(t, t, register(1.0))
    code.divide(t, register(1.0), t)
    code.multiply(total, t, register(ERF[-1]))
    for factor in ERF[-2::-1]:
        code.add(total, total, register(factor))
        code.multiply(total, total, t)
    code.multiply(total, total, power)
    code.subtract(total, register(1.0), total)
    code.multiply(total, total, size)
    code.add(total, total, x)
    code.multiply(x, total, register(0.5))


def _power(code: Assembler, register: Register, rest: int) -> None:
    """2 ^ rest, of the rest and a whole number, in the two registers behind it; it goes there."""
    power, whole = rest + 1, rest + 2
    code.minimum(rest, register(LARGEST_POWER), rest)
    code.maximum(rest, register(LEAST_POWER), rest)
    code.round(whole, rest)
    code.subtract(rest, rest, whole)
    code.multiply(power, rest, register(POWER[6]))
    for factor in POWER[5:0:-1]:
        code.add(power, power, register(factor))
        code.multiply(power, power, rest)
    code.add(power, power, register(POWER[0]))
    code.scale(rest, power, whole)


ACTIVATIONS: Mapping[str, ActivationCode] = {
    "relu": ActivationCode((0.0,), _relu),
    "swish": ActivationCode((PER_LOG_2, *POWERS), _swish),
    "gelu": ActivationCode(
        (0.0, 0.5, PER_LOG_2 / 2, ERF_STEP / math.sqrt(2), *ERF, *POWERS), _gelu
    ),
}
"""What machine code can do to a result before it is written."""
