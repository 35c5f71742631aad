"""A model in production: many calls from many threads, workers killed again and again, no leaks.

A short version by default; `make stress` sets RAMIEL_STRESS and runs the long one.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from acting import FAIL, NOTHING, Acting
from torch import Tensor

from ramiel.runtime import Cluster, ClusterError, Input, Message, ParallelModel

LONG = bool(os.environ.get("RAMIEL_STRESS"))
CALLS = 10_000 if LONG else 240
LOADS = 200 if LONG else 5
KILLS = 50 if LONG else 3
THREADS = 8
METHODS = ["spawn", "fork"] if LONG else ["fork"]

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture(params=["serial", "threads", "processes"])
def model(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A model on each executor."""
    with Acting({}, request.param, start_method=METHODS[0]) as loaded:
        yield loaded


def value(model: Any, number: int) -> int:
    return int(model(torch.full((number % 50 + 1,), float(number)), NOTHING)[0][-1])


def resident(model: Any) -> int:
    """Bytes in memory, of this process and the workers."""
    pool: Any = getattr(model._executor, "_pool", None)
    pids: list[int] = [os.getpid()]
    if pool is not None:
        pids += [process.pid for process in pool.processes]
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def some_calls(model: Any, start: int, count: int) -> None:
    """Calls, errors and streams one after the other; each result is checked."""
    number = start
    while number < start + count:
        match number % 10:
            case 3:
                with pytest.raises(ClusterError, match="no luck"):
                    model(torch.ones(1), FAIL)
                number += 1
            case 5:
                items = [(torch.full((3,), float(n)), NOTHING) for n in range(5)]
                found = [int(y[0]) + value(model, 1) for y, *_ in model.stream(items, depth=3)]
                assert found == [3, 4, 5, 6, 7]
                number += 5
            case _:
                assert value(model, number) == number + 1
                number += 1


def test_calls_from_many_threads_interleaved_with_streams_and_errors(model: Any) -> None:
    some_calls(model, 0, 100)
    before, threads = descriptors(), threading.active_count()
    sizes: list[int] = []
    for part in range(4):
        share = CALLS // 4 // THREADS
        with ThreadPoolExecutor(THREADS) as pool:
            done = [pool.submit(some_calls, model, part + n * share, share) for n in range(THREADS)]
            for future in done:
                future.result(600)
        gc.collect()
        sizes.append(resident(model))
    assert (descriptors(), threading.active_count()) == (before, threads)
    # The first part warms allocators up; later ones may not grow by a page per 10 calls.
    assert sizes[-1] - sizes[1] < max(CALLS * 400, 8 << 20), sizes


inner: Any = None


async def nested(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    """Calls another model from inside a cluster."""
    channels.send("half", inner(x, NOTHING)[0], to="rest")
    return {}


async def rest(w: Any, channels: Any) -> dict[str, Tensor]:
    half = await channels.recv("half", source="nested")
    return {"y": inner(half, NOTHING)[0]}


class Nesting(ParallelModel):
    """y = x + 2, with two calls of the model `inner`."""

    inputs = (Input("x", torch.float32),)
    outputs = ("y",)
    clusters = (Cluster(nested, reads=("x",)), Cluster(rest))
    channels = (Message("half", "nested", "rest"),)


@pytest.mark.parametrize("outer", ["serial", "threads"])
def test_nested_calls_from_many_threads(
    model: Any, outer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that call one model from their clusters, while others call it too."""
    monkeypatch.setitem(globals(), "inner", model)
    some_calls(model, 0, 10)

    def calls(first: int) -> None:
        for number in range(first, first + CALLS // 2 // THREADS):
            assert int(nesting(torch.tensor([float(number)]))) == number + 2
            assert value(model, number) == number + 1

    with Nesting({}, outer) as nesting, ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(calls, 100 * n) for n in range(THREADS)]:
            future.result(600)


@pytest.mark.parametrize("executor", ["threads", "processes"])
@pytest.mark.parametrize("method", METHODS)
def test_load_and_close_in_a_loop(executor: str, method: str) -> None:
    def load_and_close() -> None:
        with Acting({}, executor, start_method=method) as model:
            assert value(model, 1) == 2

    load_and_close()
    before, threads, size = descriptors(), threading.active_count(), resident_here()
    for _ in range(LOADS if method == "fork" else 5):
        load_and_close()
    assert (descriptors(), threading.active_count()) == (before, threads)
    assert resident_here() - size < 32 << 20
    assert not zombies()


def resident_here() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def zombies() -> list[str]:
    """Children of this process that have ended and nobody has waited for."""
    found: list[str] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text()
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state == "Z" and int(parent) == os.getpid():
            found.append(text)
    return found


def test_workers_are_killed_at_any_time() -> None:
    """Every call is right or says which cluster was lost; none hangs."""
    chooser = random.Random(0)
    loaded: Any = Acting({}, "processes", start_method="fork", timeout=60)
    with loaded as model:
        value(model, 0)
        before, stop = descriptors(), threading.Event()
        lost, right = 0, 0

        def kill() -> None:
            for _ in range(KILLS):
                time.sleep(chooser.uniform(0.0, 0.1))
                pool: Any = getattr(model._executor, "_pool", None)
                processes = list(pool.processes) if pool is not None else []
                with contextlib.suppress(ProcessLookupError):  # it has just been reaped
                    if processes:
                        os.kill(chooser.choice(processes).pid, signal.SIGKILL)
            stop.set()

        killer = threading.Thread(target=kill)
        killer.start()
        while not stop.is_set():
            try:
                assert value(model, right) == right + 1
                right += 1
            except ClusterError as error:
                assert "killed by SIGKILL" in str(error)
                lost += 1
        killer.join()
        with_last_kill = [attempt(model) for _ in range(2)]
        assert with_last_kill[-1]
        assert lost + right > KILLS
        assert descriptors() == before
    assert not zombies()


def attempt(model: Any) -> bool:
    """Whether a call works."""
    try:
        return value(model, 1) == 2
    except ClusterError:
        return False


def test_shared_memory_has_no_name() -> None:
    before = sorted(os.listdir("/dev/shm"))
    with Acting({}, "processes", start_method="fork") as model:
        value(model, 1)
        assert sorted(os.listdir("/dev/shm")) == before
