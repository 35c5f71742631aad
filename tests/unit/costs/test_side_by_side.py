from __future__ import annotations

import os
import threading
import time

import pytest

from ramiel.costs.side_by_side import side_by_side
from ramiel.runtime.team import has_team, run_on_team


def threads() -> int:
    """How many there are; those that have just ended are listed for a moment."""
    deadline = time.perf_counter() + 0.3
    least = len(os.listdir("/proc/self/task"))
    while time.perf_counter() < deadline:
        time.sleep(0.01)
        least = min(least, len(os.listdir("/proc/self/task")))
    return least


def test_the_callers_own_team_is_gone_while_others_measure():
    if not has_team(2):
        pytest.skip("PyTorch's OpenMP is not GNU's here")
    found: list[int] = []

    def caller() -> None:
        found.append(threads())
        run_on_team(2, lambda member: None)
        found.append(threads())
        found.extend(side_by_side([threads]))

    thread = threading.Thread(target=caller)
    thread.start()
    thread.join()
    alone, with_team, while_measuring = found
    assert with_team == alone + 1
    assert while_measuring == alone + 1  # the one that measures


def test_what_fails_is_raised_when_all_have_ended():
    ended: list[int] = []

    def fails() -> int:
        raise ValueError("no time")

    with pytest.raises(ValueError, match="no time"):
        side_by_side([fails, lambda: ended.append(1)])
    assert ended == [1]
