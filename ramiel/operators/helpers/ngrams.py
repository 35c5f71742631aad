"""Counting n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def count_ngrams(
    x: Tensor,
    pool: Tensor,
    indexes: Tensor,
    starts: Sequence[int],
    shortest: int,
    longest: int,
    skips: int,
) -> Tensor:
    """How often each n-gram of a pool occurs in each row of x: float32, [rows, n] or [n].

    The pool holds all 1-grams, then all 2-grams, …, which begin at `starts`; `indexes` says which
    place of the result each is counted in.  Up to `skips` items may lie between two neighbours.
    """
    items, places = _integers(pool), iter(_integers(indexes))
    known: dict[tuple[int, ...], int] = {}
    for size, (start, end) in enumerate(
        zip(starts, [*starts[1:], len(items)], strict=True), 1
    ):
        for at in range(start, end, size):
            known[tuple(items[at : at + size])] = next(places)
    rows = x.reshape(1, -1) if x.dim() < 2 else x
    result = torch.zeros(rows.shape[0], int(indexes.max()) + 1)
    for number, row in enumerate(map(_integers, rows)):
        for size in range(shortest, longest + 1):
            # A single item has no neighbours to skip to.
            for step in range(1, skips + 2 if size > 1 else 2):
                for start in range(len(row) - step * (size - 1)):
                    place = known.get(
                        tuple(row[start : start + step * (size - 1) + 1 : step])
                    )
                    if place is not None:
                        result[number, place] += 1
    return result[0] if x.dim() < 2 else result


def _integers(x: Any) -> list[int]:
    """The elements of a vector; PyTorch leaves their type open."""
    return x.tolist()
