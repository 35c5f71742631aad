"""Recorded clusters side by side: messages are places in memory; calls do not disturb others."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ramiel.runtime import CallTimeout, Channels, Cluster, Message, Weights
from ramiel.runtime.executor import Executor, Options
from ramiel.runtime.neighbours import Neighbourhood
from ramiel.runtime.onednn import onednn
from ramiel.runtime.program import Program
from ramiel.runtime.replay import Replay
from ramiel.runtime.semaphores import functions
from ramiel.runtime.serial import SerialExecutor
from ramiel.runtime.threads import ThreadsExecutor

pytestmark = pytest.mark.skipif(
    onednn() is None or functions() is None, reason="no oneDNN or no machine code here"
)

SHAPE = 1, 8, 6, 6
WEIGHTS = Weights({"half": torch.full(SHAPE, 0.5)})
KINDS: list[Callable[[Tensor, Tensor, Weights], Tensor]] = [
    lambda a, b, w: torch.relu(a),
    lambda a, b, w: a + b,
    lambda a, b, w: a * w["half"] + b,
    lambda a, b, w: torch.cat([a[:, 4:], b[:, :4]], 1),
    lambda a, b, w: torch.sigmoid(a) - b,
    lambda a, b, w: a[:, :, ::2].repeat_interleave(2, 2),
]


def _prepare(w: Weights) -> dict[str, Tensor]:
    return {"prepared": w["half"] * 2}


def _image(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(SHAPE, generator=generator)
    return image.contiguous(memory_format=torch.channels_last)


class Network:
    """A random graph of small operations, each in one of some clusters."""

    def __init__(self, seed: int, lanes: int, nodes: int = 40) -> None:
        chance = random.Random(seed)
        self.reads = [[chance.randrange(-1, node) for _ in range(2)] for node in range(nodes)]
        self.kinds = [chance.choice(KINDS) for _ in range(nodes)]
        self.lane = [chance.randrange(lanes) for _ in range(nodes)]
        self.returned = {nodes - 1, *chance.sample(range(nodes), 2)}
        edges = {
            (read, self.lane[node])
            for node, reads in enumerate(self.reads)
            for read in reads
            if read >= 0 and self.lane[read] != self.lane[node]
        }
        self.sent = {read: sorted(to for r, to in edges if r == read) for read, _ in edges}
        self.program = Program(
            f"network{seed}",
            [Cluster(self._function(lane), ("x",), 1, _prepare, True) for lane in range(lanes)],
            [
                Message(f"v{read}", f"lane{self.lane[read]}", f"lane{to}")
                for read, to in sorted(edges)
            ],
        )

    def _function(self, lane: int) -> Any:
        async def function(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
            values = {-1: x}
            for node, reads in enumerate(self.reads):
                if self.lane[node] != lane:
                    continue
                for read in reads:
                    if read not in values:
                        source = f"lane{self.lane[read]}"
                        values[read] = await channels.recv(f"v{read}", source=source)
                values[node] = self.kinds[node](values[reads[0]], values[reads[1]], w)
                for to in self.sent.get(node, []):
                    channels.send(f"v{node}", values[node], to=f"lane{to}")
            return {f"y{n}": values[n] for n in self.returned if self.lane[n] == lane}

        function.__name__ = f"lane{lane}"
        return function

    def expected(self, x: Tensor) -> dict[str, Tensor]:
        """What a call gives."""
        values = {-1: x}
        for node, reads in enumerate(self.reads):
            operands = [values[read] for read in reads]
            values[node] = self.kinds[node](operands[0], operands[1], WEIGHTS)
        return {f"y{n}": values[n] for n in self.returned}


def _check(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def _free(executor: ThreadsExecutor) -> list[Neighbourhood]:
    kept: Any = executor._neighbours  # pyright: ignore[reportPrivateUsage]
    return [one for several in kept._free.values() for one in several]


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_give_what_they_should(seed: int) -> None:
    network = Network(seed, lanes=2 + seed % 3)
    executor = ThreadsExecutor(network.program, Options(timeout=60))
    with torch.inference_mode():
        for call in range(8):
            _check(executor.run({"x": _image(call)}, WEIGHTS), network.expected(_image(call)))
        calls = [({"x": _image(call)}, WEIGHTS) for call in range(30)]
        for call, outputs in enumerate(executor.stream(calls, depth=3)):
            _check(outputs, network.expected(_image(call)))
    assert [one.failures() for one in executor.preparation.recorded.values()] == [
        [] for _ in network.program.clusters
    ]
    assert _free(executor)
    executor.close()


def test_results_stay_when_later_calls_run() -> None:
    network = Network(3, lanes=2)
    executor = ThreadsExecutor(network.program, Options(timeout=60))
    with torch.inference_mode():
        results = [executor.run({"x": _image(call)}, WEIGHTS) for call in range(8)]
        for call, outputs in enumerate(results):
            _check(outputs, network.expected(_image(call)))
    executor.close()


def test_calls_of_many_threads() -> None:
    network = Network(5, lanes=2)
    executor = ThreadsExecutor(network.program, Options(timeout=60))
    wrong: list[int] = []

    def call(start: int) -> None:
        with torch.inference_mode():
            for number in range(start, start + 10):
                found = executor.run({"x": _image(number)}, WEIGHTS)
                try:
                    _check(found, network.expected(_image(number)))
                except AssertionError:
                    wrong.append(number)

    threads = [threading.Thread(target=call, args=(10 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    executor.close()


def test_an_input_of_other_strides_runs_too() -> None:
    network = Network(1, lanes=2)
    executor = ThreadsExecutor(network.program, Options(timeout=60))
    with torch.inference_mode():
        for call in range(6):
            for x in (_image(call), _image(call).contiguous()):
                _check(executor.run({"x": x}, WEIGHTS), network.expected(x))
    executor.close()


def test_messages_share_memory_by_their_lifetimes() -> None:
    async def left(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
        for round in range(20):
            channels.send(f"there{round}", torch.relu(x + x), to="right")
            x = await channels.recv(f"back{round}", source="right")
        return {"y": x + 0}

    async def right(w: Weights, channels: Channels) -> dict[str, Tensor]:
        for round in range(20):
            x = await channels.recv(f"there{round}", source="left")
            channels.send(f"back{round}", x * w["half"], to="left")
        return {}

    messages = [
        message
        for round in range(20)
        for message in (
            Message(f"there{round}", "left", "right"),
            Message(f"back{round}", "right", "left"),
        )
    ]
    clusters = [Cluster(left, ("x",), 1, _prepare, True), Cluster(right, (), 1, _prepare, True)]
    program = Program("pingpong", clusters, messages)
    executor, serial = ThreadsExecutor(program, Options()), SerialExecutor(program, Options())
    with torch.inference_mode():
        for call in range(6):
            x = _image(call)
            _check(executor.run({"x": x}, WEIGHTS), serial.run({"x": x}, WEIGHTS))
    [neighbourhood] = _free(executor)
    size = 4 * torch.Size(SHAPE).numel()
    for replay in neighbourhood._replays.values():  # pyright: ignore[reportPrivateUsage]
        assert replay._block.data.numel() <= 4 * size  # pyright: ignore[reportPrivateUsage]
    executor.close()


def test_a_call_that_fails_leaves_nobody_waiting() -> None:
    slow = threading.Event()

    async def first(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
        y = torch.relu(x)
        channels.send("y", y, to="second")
        return {"z": await channels.recv("z", source="second")}

    async def second(w: Weights, channels: Channels) -> dict[str, Tensor]:
        y = await channels.recv("y", source="first")
        channels.send("z", torch.sigmoid(y) + y, to="first")
        return {}

    clusters = [Cluster(first, ("x",), 1, _prepare, True), Cluster(second, (), 1, _prepare, True)]
    program = Program(
        "pair", clusters, [Message("y", "first", "second"), Message("z", "second", "first")]
    )
    executor = ThreadsExecutor(program, Options(timeout=0.5))
    with torch.inference_mode():
        for call in range(6):
            executor.run({"x": _image(call)}, WEIGHTS)
        [neighbourhood] = _free(executor)
        replays: Any = neighbourhood._replays  # pyright: ignore[reportPrivateUsage]
        usual = replays["second"]

        async def late(*_: Any) -> dict[str, Tensor]:
            slow.wait()
            return {}

        replays["second"] = late
        with pytest.raises(CallTimeout):
            executor.run({"x": _image(0)}, WEIGHTS)
        slow.set()
        for call in range(6):
            found = executor.run({"x": _image(call)}, WEIGHTS)["z"]
            x = torch.relu(_image(call))
            assert torch.equal(found, torch.sigmoid(x) + x)
    assert neighbourhood not in _free(executor)
    assert usual is not None
    time.sleep(0.05)
    assert neighbourhood not in _free(executor)
    executor.close()


@pytest.mark.parametrize("kind", [SerialExecutor, ThreadsExecutor])
def test_a_closed_executor_keeps_no_replay(kind: type[Executor]) -> None:
    executor = kind(Network(2, lanes=2).program, Options())
    with torch.inference_mode():
        for call in range(6):
            executor.run({"x": _image(call)}, WEIGHTS)
    replays = [weakref.ref(one) for one in gc.get_objects() if type(one) is Replay]
    assert replays
    executor.close()
    gc.collect()
    assert [replay for replay in replays if replay() is not None] == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_replays_on_its_own() -> None:
    network = Network(4, lanes=2)
    executor = ThreadsExecutor(network.program, Options(timeout=60))
    with torch.inference_mode():
        for call in range(6):
            executor.run({"x": _image(call)}, WEIGHTS)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for call in range(6):
                    found = executor.run({"x": _image(call)}, WEIGHTS)
                    _check(found, network.expected(_image(call)))
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        _check(executor.run({"x": _image(7)}, WEIGHTS), network.expected(_image(7)))
    executor.close()
