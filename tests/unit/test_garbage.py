from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from ramiel.garbage import OBJECTS, seldom_collected


@pytest.fixture(autouse=True)
def threshold() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(500, 7, 8)
    yield
    gc.set_threshold(*before)


def test_the_threshold_is_high_inside_and_as_before_when_the_last_one_leaves():
    with seldom_collected():
        with seldom_collected():
            assert gc.get_threshold() == (OBJECTS, 7, 8)
        assert gc.get_threshold() == (OBJECTS, 7, 8)
    assert gc.get_threshold() == (500, 7, 8)


def test_it_is_put_back_after_an_error():
    @seldom_collected()
    def fails() -> None:
        raise ValueError("no model")

    for _ in range(2):
        with pytest.raises(ValueError, match="no model"):
            fails()
        assert gc.get_threshold() == (500, 7, 8)


@pytest.mark.parametrize("first", [0, 2 * OBJECTS])
def test_a_collector_that_is_off_or_seldom_runs_stays_so(first: int):
    gc.set_threshold(first, 7, 8)
    with seldom_collected():
        assert gc.get_threshold() == (first, 7, 8)
