"""The matrices of Winograd's minimal filtering: some outputs of a filter with few products.

m outputs of a filter g with r taps, from n = m + r - 1 inputs d, take n products in the place of
m · r:

    y = output · ((filter · g) ⊙ (input · d))

After Winograd, Arithmetic Complexity of Computations, 1980, and Lavin and Gray, Fast Algorithms for
Convolutional Neural Networks, 2015: a polynomial is known by its values at enough points.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Matrix: TypeAlias = tuple[tuple[float, ...], ...]

POINTS = {
    1: (),
    6: ("0", "5/8", "-5/8", "3/2", "-3/2"),
    8: ("0", "1", "-1", "2", "-2", "1/2", "-1/2"),
}
"""For so many products: where polynomials are evaluated, beside infinity.

Exact in float32, and those by which the least is rounded: with 0, ±1 and ±2 six products lose four
times as much.
"""


@dataclass(frozen=True)
class Filtering:
    """F(m, r): matrices `input` (n, n), `filter` (n, r) and `output` (m, n), by rows."""

    input: Matrix
    filter: Matrix
    output: Matrix

    @property
    def products(self) -> int:
        """How many products there are, n; as many as inputs."""
        return len(self.input)

    @property
    def outputs(self) -> int:
        """How many outputs there are, m."""
        return len(self.output)


@functools.cache
def minimal_filtering(outputs: int, taps: int) -> Filtering:
    """F(outputs, taps) by the method of Toom and Cook, for 1, 6 or 8 products."""
    count = outputs + taps - 1
    points = [Fraction(point) for point in POINTS[count]]
    others = [[q for q in points if q != p] for p in points]
    scales = [_value(_with_roots(roots), p) for p, roots in zip(points, others, strict=True)]
    inputs = [_with_roots(roots) for roots in [*others, points]]
    filters = [[p**k / scale for k in range(taps)] for p, scale in zip(points, scales, strict=True)]
    return Filtering(
        _matrix([row + [Fraction(0)] * (count - len(row)) for row in inputs]),
        _matrix([*filters, _last(taps)]),
        _matrix([[p**k for p in points] + [_last(outputs)[k]] for k in range(outputs)]),
    )


def _with_roots(roots: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of a polynomial with these roots, that of the constant first."""
    found = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *found], [root * c for c in found] + [Fraction(0)]
        found = [a - b for a, b in zip(shifted, scaled, strict=True)]
    return found


def _value(polynomial: Sequence[Fraction], x: Fraction) -> Fraction:
    return sum((c * x**k for k, c in enumerate(polynomial)), Fraction(0))


def _last(count: int) -> list[Fraction]:
    """A polynomial's value at infinity: its last coefficient."""
    return [Fraction(k == count - 1) for k in range(count)]


def _matrix(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    return tuple(tuple(float(x) for x in row) for row in rows)
