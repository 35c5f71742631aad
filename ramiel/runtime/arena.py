"""Places for buffers in one block of memory, by when each is in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ALIGNMENT = 64
"""Bytes: the line of a cache, and the widest vector."""


class Lifetime(NamedTuple):
    """The first and the last step that a buffer is needed at, and its bytes."""

    first: int
    last: int
    size: int


class _Placed(NamedTuple):
    start: int
    end: int
    last: int


def arena(lifetimes: Sequence[Lifetime]) -> tuple[list[int], int]:
    """The offset of each buffer, and the bytes of the block.

    Buffers whose lifetimes meet share no byte.  In the order of their first steps, each takes the
    smallest gap that it fits into (best fit), which finds memory warm in the cache.
    """
    offsets = [0] * len(lifetimes)
    placed: list[_Placed] = []
    size = 0
    for index in sorted(range(len(lifetimes)), key=lambda index: lifetimes[index].first):
        first, last, needed = lifetimes[index]
        placed = [other for other in placed if other.last >= first]
        start = _smallest_gap(placed, aligned(needed))
        placed.append(_Placed(start, start + aligned(needed), last))
        placed.sort()
        offsets[index] = start
        size = max(size, start + aligned(needed))
    return offsets, size


def _smallest_gap(placed: Sequence[_Placed], size: int) -> int:
    """Where a buffer goes: the smallest gap between others, or behind them all."""
    best, best_size, start = None, 0, 0
    for other in placed:
        gap = other.start - start
        if gap >= size and (best is None or gap < best_size):
            best, best_size = start, gap
        start = max(start, other.end)
    return start if best is None else best


def aligned(size: int) -> int:
    """The next multiple of 64."""
    return -(-size // ALIGNMENT) * ALIGNMENT
