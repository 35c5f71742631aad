"""The distributed executor: ranks on loopback, errors, a rank that disappears."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from acting import FAIL, HANG, KILL, NOTHING, ODD_FAILURE, Acting
from torch import Tensor

from ramiel.runtime import Cluster, ClusterError, Input, Message, ModelError, ParallelModel

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
FORK: Any = multiprocessing.get_context("fork")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_ranks(
    model_class: type[ParallelModel],
    world: int,
    call: Callable[[Any], Any],
    timeout: float | None = None,
    patience: float = 60,
) -> list[Any]:
    """What `call` returns on rank 0, and what ended the others: None, or an error's text.

    Ranks that go on `patience` seconds after rank 0 has ended are killed.
    """
    port, results = free_port(), FORK.SimpleQueue()

    def work(rank: int) -> None:
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(world), "MASTER_PORT": str(port)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo"}
        torch.set_num_threads(1)
        try:
            with model_class({}, "distributed", timeout=timeout) as model:
                results.put((rank, call(model) if rank == 0 else model.serve()))
        except BaseException as error:
            results.put((rank, f"{type(error).__name__}: {error}"))

    processes = [FORK.Process(target=work, args=(rank,)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60 if process is processes[0] else patience)
        process.kill()
    found: dict[int, Any] = {}
    while not results.empty():
        rank, result = results.get()
        found[rank] = result
    return [found.get(rank, "gone") for rank in range(world)]


async def add(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    channels.send("wide", x.expand(2, 3), to="multiply")
    channels.send("any", x[: int(x[0])], to="multiply")
    channels.send("values", [x, None, "text"], to="end")
    return {"last": await channels.recv("ended", source="end")}


async def multiply(w: Any, channels: Any) -> dict[str, Tensor]:
    wide = await channels.recv("wide", source="add")
    found = await channels.recv("any", source="add")
    channels.send("product", wide.sum() * len(found), to="end")
    return {"mode": torch.tensor([torch.is_inference_mode_enabled()])}


async def end(w: Any, channels: Any) -> dict[str, Tensor]:
    values = await channels.recv("values", source="add")
    product = await channels.recv("product", source="multiply")
    assert values[1:] == [None, "text"]
    channels.send("ended", product + values[0], to="add")
    return {"product": product}


class Three(ParallelModel):
    inputs = (Input("x", torch.float32, (3,)),)
    outputs = ("last", "product", "mode")
    clusters = (Cluster(add, reads=("x",)), Cluster(multiply), Cluster(end))
    channels = (
        Message("wide", "add", "multiply", torch.float32, (2, 3)),
        Message("any", "add", "multiply"),
        Message("values", "add", "end"),
        Message("product", "multiply", "end", torch.float32, ()),
        Message("ended", "end", "add", torch.float32, (3,)),
    )


@pytest.mark.parametrize("world", [1, 2, 3])
def test_every_number_of_ranks_up_to_the_clusters(world: int) -> None:
    def call(model: Any) -> list[Any]:
        found: list[Any] = []
        for number in (1, 3, 2):
            with torch.inference_mode(number == 3):
                found.append([y.tolist() for y in model(torch.full((3,), float(number)))])
        return found

    def expected(n: int) -> list[Any]:
        product = 6.0 * n * n
        return [[product + n] * 3, product, [n == 3]]

    found = on_ranks(Three, world, call)
    assert found == [[expected(n) for n in (1, 3, 2)], *[None] * (world - 1)]


def test_an_error_names_its_cluster_and_the_next_call_works() -> None:
    class Swapped(Acting):
        clusters = tuple(reversed(Acting.clusters))

    for model_class in (Acting, Swapped):  # the failing cluster on rank 1, and on rank 0

        def call(model: Any) -> list[str]:
            texts: list[str] = []
            for action in (FAIL, ODD_FAILURE, NOTHING, FAIL, NOTHING):
                try:
                    texts.append(str(int(model(torch.ones(2), action)[0][0])))
                except ClusterError as error:
                    texts.append(str(error).partition(": ")[2])
            return texts

        assert on_ranks(model_class, 2, call) == [
            ["Special: no luck", "Odd: odd", "2", "Special: no luck", "2"],
            None,
        ]


def test_a_rank_that_disappears() -> None:
    def call(model: Any) -> list[str]:
        texts = [str(int(model(torch.ones(2), NOTHING)[0][0]))]
        started = time.monotonic()
        for _ in range(2):
            try:
                model(torch.ones(2), KILL)
            except ModelError as error:
                texts.append(str(error))
        assert time.monotonic() - started < 5
        return texts

    first, second = on_ranks(Acting, 2, call)
    assert second == "gone"
    assert first[0] == "2"
    assert first[1].startswith("first: rank 1 has disappeared")
    assert first[2].startswith("Acting was closed: rank 1 has disappeared")


def test_a_rank_that_does_not_answer_in_time() -> None:
    def call(model: Any) -> list[str]:
        texts = [str(int(model(torch.ones(2), NOTHING)[0][0]))]
        started = time.monotonic()
        for action in (HANG, NOTHING):
            try:
                model(torch.ones(2), action)
            except ModelError as error:
                texts.append(str(error))
        assert time.monotonic() - started < 5
        return texts

    first = on_ranks(Acting, 2, call, timeout=2, patience=0)[0]
    assert first[0] == "2"
    assert "rank 1 has disappeared, or did not answer in time" in first[1]
    assert first[2].startswith("Acting was closed: rank 1")


def test_ctrl_c_on_the_rank_that_calls() -> None:
    def call(model: Any) -> list[str]:
        model(torch.ones(2), NOTHING)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        texts: list[str] = []
        started = time.monotonic()
        for action in (HANG, NOTHING):
            try:
                model(torch.ones(2), action)
            except (KeyboardInterrupt, ModelError) as error:
                texts.append(f"{type(error).__name__}: {error}")
        assert time.monotonic() - started < 5
        return texts

    first = on_ranks(Acting, 2, call, patience=0)[0]
    assert first == [
        "KeyboardInterrupt: ",
        "ClosedError: Acting was closed by an interruption",
    ]


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("closes", [False, True])
def test_calling_and_closing_a_model_from_inside_its_own_call(world: int, closes: bool) -> None:
    loaded: list[Any] = []

    async def outer(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
        return {"last": await channels.recv("inner", source="inner")}

    async def inner(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
        if x.any():
            loaded[0].close() if closes else loaded[0](x)
        channels.send("inner", x, to="outer")
        return {}

    class Nested(ParallelModel):
        inputs = (Input("x", torch.float32, (3,)),)
        outputs = ("last",)
        clusters = (Cluster(outer, ("x",)), Cluster(inner, ("x",)))
        channels = (Message("inner", "inner", "outer"),)

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            loaded.append(self)

    def call(model: Any) -> list[str]:
        with pytest.raises(ClusterError) as caught:
            model(torch.ones(3))
        return [str(caught.value), str(model(torch.zeros(3)).tolist())]

    text, after = on_ranks(Nested, world, call)[0]
    assert text.endswith("RuntimeError: Nested is called from inside its own call")
    assert after == "[0.0, 0.0, 0.0]"


def test_the_caller_disappears() -> None:
    def call(model: Any) -> None:
        model(torch.ones(2), NOTHING)
        os.kill(os.getpid(), signal.SIGKILL)

    first, second = on_ranks(Acting, 2, call)
    assert first == "gone"
    assert second.startswith("LostRank: rank 0 has disappeared")


def test_a_message_that_is_larger_than_the_model_says() -> None:
    class Small(Acting):
        clusters = tuple(reversed(Acting.clusters))
        channels = (Message("value", "first", "second", torch.float32, (2,)),)

    def call(model: Any) -> list[str]:
        with pytest.raises(ClusterError) as caught:
            model(torch.ones(1000), NOTHING)
        return [str(caught.value), str(int(model(torch.ones(2), NOTHING)[0][0]))]

    text, value = on_ranks(Small, 2, call)[0]
    assert "is larger than the model says" in text
    assert value == "2"


def test_what_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Acting({}, "distributed")
    with pytest.raises(ModelError, match=r"RANK is not set.*: start it with torchrun"):
        model(torch.ones(2), NOTHING)
    for name, value in {"RANK": "0", "WORLD_SIZE": "4", "MASTER_ADDR": "a"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASTER_PORT", "1")
    with pytest.raises(ModelError, match="4 ranks do not match the model's 2 clusters: start 1 to"):
        model(torch.ones(2), NOTHING)
    with pytest.raises(ModelError, match="only the executor distributed can serve"):
        Acting({}).serve()


def test_ranks_with_different_models() -> None:
    class Other(Acting):
        clusters = (Acting.clusters[0], Cluster(Acting.clusters[1].function, ("x", "action")))

    def call(model: Any) -> None:
        model(torch.ones(2), NOTHING)

    class Mixed(Acting):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            if os.environ["RANK"] == "1":
                type(self).clusters = Other.clusters
            super().__init__(*arguments, **options)

    for text in on_ranks(Mixed, 2, call):
        assert "have different models or weights" in text
