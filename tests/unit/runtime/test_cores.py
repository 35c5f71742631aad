"""Clusters that run at the same time look for a core each, and stay free to move."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from acting import NOTHING, Acting

from ramiel.runtime import cores
from ramiel.runtime.cores import NOWHERE, Place
from ramiel.runtime.shared_memory import new_file, shared_places

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two cores and Linux",
)


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The sets of cores that threads are put on; all are found on core 0."""
    asked: list[set[int]] = []
    monkeypatch.setattr(cores, "_current_core", lambda: lambda: 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: {0, 1, 2})  # pyright: ignore
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, mask: asked.append(mask))  # pyright: ignore
    return asked


def test_a_later_one_leaves_a_core_that_an_earlier_one_has(pinned: list[set[int]]) -> None:
    places = [NOWHERE, NOWHERE, NOWHERE]
    for index in range(3):
        Place(places, index).find()
    assert places == [0, 1, 2]
    assert pinned == [{1}, {0, 1, 2}, {2}, {0, 1, 2}]


def test_nobody_moves_where_no_core_is_free(pinned: list[set[int]]) -> None:
    places = [0, 1, 2, NOWHERE]
    Place(places, 3).find()
    assert places == [0, 1, 2, 0]
    assert pinned == []


def test_a_thread_moves_and_may_still_run_anywhere() -> None:
    allowed = os.sched_getaffinity(0)
    found: list[Any] = []

    def run() -> None:
        here = cores._current_core()  # pyright: ignore[reportPrivateUsage]
        assert here is not None
        places = [here(), NOWHERE]
        Place(places, 1).find()
        found.append((places, os.sched_getaffinity(0)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    [(places, afterwards)] = found
    assert places[0] != places[1]
    assert set(places) <= allowed == afterwards


def test_processes_share_their_places() -> None:
    file = new_file()
    try:
        first, second = shared_places(file, 2), shared_places(file, 2)
        first[1] = 7
        assert list(second) == [0, 7]
    finally:
        os.close(file)


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_workers_are_not_kept_on_a_core(executor: str) -> None:
    with Acting({}, executor, start_method="fork") as model:
        y, process, _ = model(NOTHING.float(), NOTHING)
        assert y == 1
        for task in os.listdir(f"/proc/{int(process)}/task"):
            assert os.sched_getaffinity(int(task)) == os.sched_getaffinity(0)
