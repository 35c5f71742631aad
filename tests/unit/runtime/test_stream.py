"""Streams: consecutive inputs overlap in the clusters, and come out as if they had not."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from acting import FAIL, HANG, KILL, NOTHING, PAUSE, Acting
from torch import Tensor

from ramiel.runtime import CallTimeout, ClosedError, Cluster, Input, Message, ParallelModel

EXECUTORS = ["serial", "threads", "processes"]


@pytest.fixture(params=EXECUTORS, scope="module")
def model(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A model on each executor."""
    with Acting({}, request.param, start_method="fork") as loaded:
        yield loaded


def items(count: int, **special: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs 0, 1, 2 …: `at2=FAIL` makes the third one fail."""
    for number in range(count):
        yield torch.full((5,), float(number)), special.get(f"at{number}", NOTHING)


def values(outputs: Any) -> list[int]:
    return [int(y[0]) for y, *_ in outputs]


@pytest.mark.parametrize("depth", [1, 2, 4, 100])
def test_order_and_values(model: Any, depth: int) -> None:
    assert values(model.stream(items(30), depth=depth)) == list(range(1, 31))
    assert list(model.stream([], depth=depth)) == []


def test_shapes_may_change_from_one_to_the_next(model: Any) -> None:
    sizes = [1, 100_000, 5, 300_000, 2]
    stream = model.stream((torch.ones(size), NOTHING) for size in sizes)
    assert [len(y) for y, *_ in stream] == sizes


def test_items_are_tensors_tuples_or_dictionaries(branches: Any, example: Any) -> None:
    named = dict(zip(("data", "scale"), example, strict=True))
    with branches.load() as model:
        for outputs in model.stream([example, named]):
            torch.testing.assert_close(outputs, model(*example))


def test_at_most_depth_items_are_taken_in_advance(model: Any) -> None:
    taken: list[int] = []

    def source() -> Iterator[Any]:
        for number, item in enumerate(items(20)):
            taken.append(number)
            yield item

    for given, _ in enumerate(model.stream(source(), depth=3)):
        assert len(taken) <= given + 3


def test_an_error_comes_in_its_place_and_ends_the_stream(model: Any) -> None:
    got: list[int] = []
    with pytest.raises(RuntimeError, match="Special: no luck"):
        for y, *_ in model.stream(items(20, at6=FAIL, at7=FAIL)):
            got.append(int(y[0]))
    assert got == list(range(1, 7))
    assert values(model.stream(items(9))) == list(range(1, 10))


def test_an_input_that_does_not_fit_comes_in_its_place(model: Any) -> None:
    def source() -> Iterator[Any]:
        yield from items(3)
        yield torch.ones(1), torch.ones(1)

    got: list[int] = []
    with pytest.raises(ValueError, match="input 'action': expected int64"):
        for y, *_ in model.stream(source()):
            got.append(int(y[0]))
    assert got == [1, 2, 3]


def test_an_error_of_the_source_comes_after_the_results_before_it(model: Any) -> None:
    def source() -> Iterator[Any]:
        yield from items(3)
        raise LookupError("no more")

    stream = model.stream(source())
    assert values(next(stream) for _ in range(3)) == [1, 2, 3]
    with pytest.raises(LookupError, match="no more"):
        next(stream)


def test_a_stream_that_is_left_does_not_disturb_what_follows(model: Any) -> None:
    for _ in range(3):
        stream = model.stream(items(20))
        assert values([next(stream)]) == [1]
        stream.close()
        assert values([model(torch.ones(5), NOTHING)]) == [2]
    for _ in model.stream(items(20)):
        break
    gc.collect()
    assert values(model.stream(items(3))) == [1, 2, 3]


def test_calls_and_other_streams_between(model: Any) -> None:
    for number, (first, second) in enumerate(
        zip(model.stream(items(8)), model.stream(items(8)), strict=True)
    ):
        assert values([first, second]) == [number + 1, number + 1]
        assert values([model(torch.full((2,), 50.0), NOTHING)]) == [51]


def test_streams_in_many_threads(model: Any) -> None:
    results: list[list[int]] = []

    def run() -> None:
        results.append(values(model.stream(items(40))))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [list(range(1, 41))] * 4


def test_modes_are_those_of_the_consumer(model: Any) -> None:
    with torch.inference_mode():
        assert all(y.is_inference() for y, *_ in model.stream(items(3)))


def test_a_killed_worker_and_a_timeout() -> None:
    with Acting({}, "processes", start_method="fork", timeout=0.5) as model:
        got: list[int] = []
        with pytest.raises(RuntimeError, match="first: its worker process has ended"):
            for y, *_ in model.stream(items(9, at5=KILL)):
                got.append(int(y[0]))
        assert got == list(range(1, len(got) + 1))
        assert len(got) <= 5
        with pytest.raises(CallTimeout):
            list(model.stream(items(9, at5=HANG)))
        assert values(model.stream(items(9))) == list(range(1, 10))


def test_close_ends_a_stream() -> None:
    for executor in EXECUTORS[1:]:
        model = Acting({}, executor, start_method="fork")
        stream = model.stream(items(9, at3=PAUSE))
        assert values(next(stream) for _ in range(2)) == [1, 2]
        model.close()
        with pytest.raises(ClosedError):
            list(stream)


def test_depth_must_be_positive(model: Any) -> None:
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        model.stream([], depth=0)


async def head(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    time.sleep(0.05)
    channels.send("x", x, to="tail")
    return {}


async def tail(w: Any, channels: Any) -> dict[str, Tensor]:
    x = await channels.recv("x", source="head")
    time.sleep(0.05)
    return {"y": x}


class Chain(ParallelModel):
    inputs = (Input("x", torch.float32),)
    outputs = ("y",)
    clusters = (Cluster(head, reads=("x",)), Cluster(tail))
    channels = (Message("x", "head", "tail"),)


@pytest.mark.parametrize("executor", EXECUTORS[1:])
def test_clusters_that_only_wait_for_each_other_overlap(executor: str) -> None:
    with Chain({}, executor, start_method="fork") as model:
        model(torch.ones(1))
        started = time.perf_counter()
        assert len(list(model.stream([torch.ones(1)] * 10, depth=3))) == 10
        assert time.perf_counter() - started < 0.85  # one after the other: 1 s at least
