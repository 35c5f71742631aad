"""Something cut into parts of about the same size."""

from __future__ import annotations

import itertools


def even_parts(total: int, count: int) -> list[tuple[int, int]]:
    """So many ranges that follow each other from 0 to the total: the first, and behind the last."""
    edges = [total * part // count for part in range(count + 1)]
    return [*itertools.pairwise(edges)]
