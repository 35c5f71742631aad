"""Whatever goes wrong inside a call reaches the caller, and the model can be called again."""

from __future__ import annotations

import _thread
import asyncio
import re
import signal
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor

from ramiel.runtime import (
    CallTimeout,
    ClosedError,
    Cluster,
    ClusterError,
    Input,
    Message,
    ParallelModel,
)

from_first = Message("value", "first", "second")


class Switch:
    """What the first cluster does before it sends."""

    def __init__(self) -> None:
        self.action: Any = None

    def __call__(self) -> None:
        if self.action is not None:
            self.action()


before_send = Switch()


@pytest.fixture(autouse=True)
def reset() -> None:
    before_send.action = None


async def first(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    before_send()
    channels.send("value", x + 1, to="second")
    return {}


async def second(w: Any, channels: Any) -> dict[str, Tensor]:
    return {"y": await channels.recv("value", source="first")}


class Pair(ParallelModel):
    inputs = (Input("x", torch.float32),)
    outputs = ("y",)
    clusters = (Cluster(second), Cluster(first, reads=("x",)))
    channels = (from_first,)


X = torch.tensor(1.0)


def test_an_exception_names_cluster_and_line_and_is_the_cause(executor: str) -> None:
    class Special(Exception):
        pass

    def fail() -> None:
        raise Special("no luck")

    with Pair({}, executor) as model:
        for _ in range(3):
            before_send.action = fail
            with pytest.raises(ClusterError) as caught:
                model(X)
            assert isinstance(caught.value.__cause__, Special)
            assert caught.value.cluster == "first"
            assert "first, model.py line" in str(caught.value)
            assert str(caught.value).endswith(": Special: no luck")
            before_send.action = None
            assert model(X) == 2


def test_an_exception_that_cannot_be_printed(executor: str) -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise ValueError

    def fail() -> None:
        raise Unprintable

    with Pair({}, executor) as model:
        before_send.action = fail
        with pytest.raises(ClusterError, match=r"Unprintable$"):
            model(X)
        before_send.action = None
        assert model(X) == 2


def test_the_onnx_node_comes_from_the_source_map(
    write_package: Any, import_package: Any, write_map: Any, executor: str, example: Any
) -> None:
    folder = write_package()
    lines = (folder / "model.py").read_text().splitlines()
    start = lines.index("    total = torch.add(") + 1
    with import_package(folder).Model.load(executor) as model:
        model.get_submodule("right").weight = torch.nn.Parameter(torch.zeros(5, 8))
        model.offset = torch.tensor(1)
        message = f"^cluster_0, model.py line {start}: RuntimeError: The size of tensor a"
        with pytest.raises(RuntimeError, match=message):
            model(*example)
        write_map(folder, {start: {"node": "/Add_3", "operation": "Add"}})
        with pytest.raises(RuntimeError) as caught:
            model(*example)
        error: Any = caught.value
        assert (error.node, error.operator) == ("/Add_3", "Add")
        assert f"cluster_0, model.py line {start}, node '/Add_3' (Add): " in str(error)


def test_a_statement_of_several_lines_maps_from_its_first(
    write_package: Any, import_package: Any, write_map: Any, example: Any
) -> None:
    from ramiel.runtime.source_map import _origin  # pyright: ignore[reportPrivateUsage]

    folder = write_package()
    start = (folder / "model.py").read_text().splitlines().index("    total = torch.add(") + 1
    write_map(folder, {start: {"node": "/Add_3"}})
    assert _origin(folder / "model.py", start + 2) == {"node": "/Add_3"}
    assert _origin(folder / "model.py", start + 4) == {}
    (folder / "model.map.json").write_text("{not json")
    assert _origin(folder / "model.py", start) == {}


def test_timeout(executor: str) -> None:
    with Pair({}, executor, timeout=0.3) as model:
        before_send.action = lambda: time.sleep(0.4)
        with pytest.raises(CallTimeout, match=re.escape("Pair: no result in 0.3 s")):
            model(X)
        before_send.action = None
        assert model(X) == 2


def test_a_stale_message_of_an_aborted_call_is_never_received() -> None:
    with Pair({}, timeout=0.5) as model:
        before_send.action = lambda: time.sleep(0.6)
        with pytest.raises(CallTimeout):
            model(X)
        before_send.action = None
        assert model(X + 5) == 7


@pytest.fixture
def interruptible() -> Generator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_keyboard_interrupt_while_waiting(executor: str) -> None:
    def interrupt() -> None:
        time.sleep(0.05)
        _thread.interrupt_main()
        time.sleep(0.05)

    with Pair({}, executor) as model:
        for _ in range(3):
            before_send.action = interrupt
            with pytest.raises(KeyboardInterrupt):
                model(X)
            before_send.action = None
            assert model(X) == 2


def test_a_closed_model_refuses(executor: str) -> None:
    model = Pair({}, executor)
    assert model(X) == 2
    model.close()
    model.close()
    with pytest.raises(ClosedError, match="Pair is closed"):
        model(X)


def test_close_ends_the_running_call_and_those_that_wait() -> None:
    model = Pair({})
    entered, leave = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        leave.wait(10)

    before_send.action = hang
    with ThreadPoolExecutor(4) as pool:
        running = pool.submit(model, X)
        assert entered.wait(10)
        waiting = [pool.submit(model, X) for _ in range(2)]
        closing = pool.submit(model.close)
        with pytest.raises(ClosedError, match="Pair was closed during the call"):
            running.result(10)  # although the cluster is still inside
        for call in waiting:
            with pytest.raises(ClosedError, match="Pair is closed"):
                call.result(10)
        leave.set()
        closing.result(10)


def test_calling_a_model_from_inside_its_own_call() -> None:
    with Pair({}) as model:
        before_send.action = lambda: model(X)
        with pytest.raises(ClusterError, match="Pair is called from inside its own call"):
            model(X)
        before_send.action = None
        assert model(X) == 2


def test_one_model_can_call_another(executor: str) -> None:
    with Pair({}, executor) as outer, ParallelPlusOne({}) as inner:
        before_send.action = lambda: inner(X)
        assert outer(X) == 2


async def plus_one(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    return {"y": x + 1}


class ParallelPlusOne(Pair):
    clusters = (Cluster(plus_one, reads=("x",)),)
    channels = ()


async def sleeper(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    await asyncio.sleep(0)
    return {"y": x}


class Asynchronous(Pair):
    clusters = (Cluster(sleeper, reads=("x",)),)
    channels = ()


def test_nothing_but_recv_can_be_awaited(executor: str) -> None:
    with (
        Asynchronous({}, executor) as model,
        pytest.raises(ClusterError, match=r"can await nothing but channels\.recv"),
    ):
        model(X)
