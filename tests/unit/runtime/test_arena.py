"""Places of buffers: those whose lifetimes meet share nothing, others may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ramiel.runtime.arena import ALIGNMENT, Lifetime, arena

TIMES = st.integers(0, 12)


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    """From some step to a later one, or the same."""
    first, last = sorted([draw(TIMES), draw(TIMES)])
    return Lifetime(first, last, draw(st.integers(1, 1000)))


@given(st.lists(lifetimes(), max_size=20))
def test_buffers_that_are_in_use_at_once_share_no_byte(given_ones: list[Lifetime]) -> None:
    offsets, size = arena(given_ones)
    assert all(offset % ALIGNMENT == 0 for offset in offsets)
    for one, start in zip(given_ones, offsets, strict=True):
        assert start + one.size <= size
        for other, begin in zip(given_ones, offsets, strict=True):
            meet = one.first <= other.last and other.first <= one.last
            if meet and one is not other:
                assert start + one.size <= begin or begin + other.size <= start


def test_a_chain_takes_two_places() -> None:
    chain = [Lifetime(step, step + 1, 640) for step in range(10)]
    assert arena(chain) == ([0, 640] * 5, 1280)


def test_the_smallest_gap_is_taken() -> None:
    lifetimes = [
        *(Lifetime(0, 1, 640), Lifetime(0, 9, 64), Lifetime(0, 1, 128), Lifetime(0, 9, 64)),
        Lifetime(2, 3, 100),
    ]
    assert arena(lifetimes)[0][-1] == 704


def test_nothing_takes_nothing() -> None:
    assert arena([]) == ([], 0)
