"""Recorded clusters: a replay is what the function gives; what cannot be replayed is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ramiel.runtime import Channels, Cluster, Message, Weights
from ramiel.runtime.executor import Executor, Options
from ramiel.runtime.onednn import onednn
from ramiel.runtime.program import Program
from ramiel.runtime.serial import SerialExecutor
from ramiel.runtime.threads import ThreadsExecutor

pytestmark = pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")

SHAPE = 1, 8, 6, 6
Function = Callable[[Tensor, Weights], Any]


class Recorded:
    """A program of one recorded cluster, and how often its function has run."""

    def __init__(self, function: Function) -> None:
        self.calls = 0

        async def cluster(x: Tensor, w: Weights, channels: Channels) -> dict[str, Any]:
            self.calls += 1
            return {"y": function(x, w)}

        program = Program("recorded", [Cluster(cluster, ("x",), 1, _prepare, True)], [])
        self.executor = SerialExecutor(program, Options())

    def __call__(self, x: Tensor) -> Any:
        with torch.inference_mode():
            return self.executor.run({"x": x}, WEIGHTS)["y"]

    @property
    def failures(self) -> list[str]:
        """Why it is not replayed."""
        return self.executor.preparation.recorded["cluster"].failures()


WEIGHTS = Weights({"w": torch.rand(SHAPE)})
OUTSIDE = torch.rand(SHAPE)


def _prepare(w: Weights) -> dict[str, Tensor]:
    return {"twice": w["w"] * 2}


def _image(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SHAPE, generator=generator).to(memory_format=torch.channels_last)


def _pieces(x: Tensor) -> list[Tensor]:
    return [*cast("list[Tensor]", torch.relu(x).split(2, 1))]


def _listed(x: Tensor) -> Tensor:
    return x + sum(cast("list[float]", x.flatten().tolist()))


def _own(x: Tensor) -> Tensor:
    y = torch.relu(x)
    y[:, 2:4] += 1
    return y.mul_(2)


def _into(x: Tensor) -> Tensor:
    y = torch.empty_like(x)
    torch.add(x, x, out=y)
    return y + 1


REPLAYED: dict[str, Function] = {
    "primitives": lambda x, w: torch.cat([torch.relu(x) + x, x * w["twice"], w["w"]], 1),
    "strided sums": lambda x, w: torch.relu(x)[:, :, 1:] + x[:, :, :-1],
    "padding": lambda x, w: F.pad(torch.relu(x), (1, 2, 2, 1, 0, 3)) + F.pad(x, (0, 3, 0, 3, 1, 2)),
    "operators": lambda x, w: F.avg_pool2d(torch.sigmoid(x), 2).softmax(1) + 1,
    "strides": lambda x, w: torch.relu(x.contiguous()).transpose(1, 2).clone(),
    "a view": lambda x, w: torch.relu(x)[:, 1:3],
    "its argument": lambda x, w: x,
    "a view of its argument": lambda x, w: x.flatten(1),
    "a weight": lambda x, w: w["w"],
    "one tensor twice": lambda x, w: [torch.relu(x)] * 2,
    "several": lambda x, w: _pieces(x),
    "several new ones": lambda x, w: list(x.sort(1)),
    "in place": lambda x, w: _own(x),
    "given memory": lambda x, w: _into(x),
    "numbers": lambda x, w: x + torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    "detached": lambda x, w: x.detach_() + 1,
    "eight bits": lambda x, w: torch.relu(x).to(torch.float8_e4m3fn),
    "an index": lambda x, w: torch.relu(x)[:, torch.tensor([3, 1])] + x[:, :2],
    "no number": lambda x, w: torch.log(x),
    "another dtype": lambda x, w: (x > 0).to(torch.int64).sum(1),
}
REFUSED: dict[str, tuple[Function, str]] = {
    "item": (lambda x, w: x + float(x.sum()), "aten.item"),
    "tolist": (lambda x, w: _listed(x), "tolist"),
    "numpy": (lambda x, w: x + float(x.numpy().sum()), "numpy"),
    "a mask": (lambda x, w: x[x > 0], "operands' shapes tell"),
    "random": (lambda x, w: x + torch.rand(SHAPE), "operands' shapes tell"),
    "a size that depends": (lambda x, w: x.nonzero(), "operands' shapes tell"),
    "writes": (lambda x, w: x.mul_(1.0), "writes to a tensor that it was given"),
    "writes a weight": (lambda x, w: w["w"].mul_(1.0), "writes to a tensor that it was given"),
    "from outside": (lambda x, w: x + OUTSIDE, "comes from outside"),
    "another shape": (lambda x, w: torch.relu(x).squeeze_(0) + 1, "shape in place"),
    "bits": (lambda x, w: torch.relu(x).view(torch.int32) + 1, "other numbers"),
}


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        pairs = zip(cast("list[Any]", one), other, strict=True)
        return all(_equal(*pair) for pair in pairs)
    same = torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
    return same and one.stride() == other.stride() and one.dtype == other.dtype


@pytest.mark.parametrize("name", REPLAYED)
def test_a_replay_gives_what_the_function_gives(name: str) -> None:
    function = REPLAYED[name]
    recorded = Recorded(function)
    w = Weights({**WEIGHTS, **_prepare(WEIGHTS)})
    for seed in range(5):
        x = _image(seed)
        assert _equal(recorded(x), function(x, w)), seed
    assert (recorded.failures, recorded.calls) == ([], 3)


@pytest.mark.parametrize("name", REFUSED)
def test_what_depends_on_more_than_shapes_is_not_replayed(name: str) -> None:
    function, why = REFUSED[name]
    recorded = Recorded(function)
    for seed in range(4):
        recorded(_image(seed))
    assert recorded.calls == 4
    [failure] = recorded.failures
    assert why in failure


def test_results_of_calls_share_no_memory() -> None:
    recorded = Recorded(lambda x, w: torch.relu(torch.relu(x) + x))
    results = [recorded(_image(seed)) for seed in range(5)]
    before = [result.clone() for result in results]
    recorded(_image(9))
    assert all(map(torch.equal, results, before))
    assert len({result.data_ptr() for result in results}) == 5


def test_each_layout_has_its_recording() -> None:
    recorded = Recorded(lambda x, w: torch.relu(x) + 1)
    for x in [_image(), _image().contiguous(), _image()[:, :, ::2], _image().double()] * 4:
        assert _equal(recorded(x), torch.relu(x) + 1)
    assert recorded.calls == 12
    assert recorded.failures == []


def test_the_function_runs_where_more_than_its_kernels_is_wanted() -> None:
    recorded = Recorded(lambda x, w: torch.relu(x) @ x)
    for _ in range(4):
        recorded(_image())
    learnt = _image().requires_grad_()
    recorded.executor.run({"x": learnt}, WEIGHTS)["y"].sum().backward()
    assert learnt.grad is not None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert recorded(_image()).dtype == torch.bfloat16
    assert recorded.calls == 5


def test_a_call_that_fails_is_recorded_or_compared_the_next_time() -> None:
    fails = [False, True, False, True, False]

    def function(x: Tensor, w: Weights) -> Tensor:
        if fails.pop(0):
            raise ValueError("no")
        return torch.relu(x)

    recorded = Recorded(function)
    recorded(_image())
    with pytest.raises(Exception, match="no"):
        recorded(_image())
    assert _equal(recorded(_image()), torch.relu(_image()))
    with pytest.raises(Exception, match="no"):
        recorded(_image())
    for seed in range(3):
        assert _equal(recorded(_image(seed)), torch.relu(_image(seed)))
    assert recorded.calls == 5


def test_a_function_that_computes_something_else_each_time_is_not_replayed() -> None:
    factors = [1.0, 2.0, 3.0, 4.0, 5.0]
    recorded = Recorded(lambda x, w: torch.relu(x) * factors[recorded.calls - 1])
    for factor in factors:
        assert _equal(recorded(_image()), torch.relu(_image()) * factor)
    assert recorded.failures == ["a replay gives other numbers"]


async def left(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
    """Sends views of what it goes on to use, and waits for an answer."""
    y = torch.relu(x)
    channels.send("half", y[:, :4], to="right")
    channels.send("rest", y[:, 3:], to="right")
    z = y + y
    answer = await channels.recv("answer", source="right")
    return {"left": torch.cat([z, answer], 1)}


async def right(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
    """Sends back what it makes of that, and of its own argument."""
    own = torch.sigmoid(x)
    half = await channels.recv("half", source="left")
    rest = await channels.recv("rest", source="left")
    answer = half * own[:, :4] + rest[:, 1:]
    channels.send("answer", answer + 0, to="left")
    return {"right": answer, "half": half}


PAIR = Program(
    "pair",
    [Cluster(f, ("x",), 1, _prepare, True) for f in (left, right)],
    [
        *(Message(name, "left", "right") for name in ("half", "rest")),
        Message("answer", "right", "left"),
    ],
)


@pytest.mark.parametrize("kind", [SerialExecutor, ThreadsExecutor])
def test_messages_are_sent_and_received(kind: type[Executor]) -> None:
    executor = kind(PAIR, Options(timeout=60))

    def expected(x: Tensor) -> dict[str, Tensor]:
        y = torch.relu(x)
        answer = y[:, :4] * torch.sigmoid(x)[:, :4] + y[:, 4:]
        return {"left": torch.cat([y + y, answer], 1), "right": answer, "half": y[:, :4]}

    def check(found: Mapping[str, Tensor], seed: int) -> None:
        wanted = expected(_image(seed))
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted), seed

    with torch.inference_mode():
        for seed in range(4):
            check(executor.run({"x": _image(seed)}, WEIGHTS), seed)
        calls = [({"x": _image(seed)}, WEIGHTS) for seed in range(12)]
        for seed, outputs in enumerate(executor.stream(calls, depth=3)):
            check(outputs, seed)
    assert [r.failures() for r in executor.preparation.recorded.values()] == [[], []]
    executor.close()


def test_two_replays_are_compared_by_one_cluster_at_a_time() -> None:
    recorded = Recorded(lambda x, w: torch.cat([torch.relu(x), x + x], 0) * 2)
    for seed in range(3):
        recorded(_image(seed))
    preparation = recorded.executor.preparation
    turn: Any = preparation._turn  # pyright: ignore[reportPrivateUsage]
    cluster = preparation.recorded["cluster"]
    with turn, torch.inference_mode():
        for seed in range(3):
            x = _image(seed)
            assert _equal(recorded(x), torch.cat([torch.relu(x), x + x], 0) * 2)
        assert cluster.recording_of([_image()], torch.get_num_threads()) is None
    recorded(_image())
    with torch.inference_mode():
        found = cluster.recording_of([_image()], torch.get_num_threads())
    assert found is not None
    assert len(found.steps) == 3  # no copies: both lie in the join
    assert recorded.calls == 3
    assert not turn.locked()


def test_recording_imports_no_compiler() -> None:
    program = """
import sys
import torch
from ramiel.runtime.recorder import Recorder

x = torch.ones(1, 8, 4, 4)
recorder = Recorder([x], [])
with torch.inference_mode(), recorder.watching():
    y = torch.relu(x + x).sum()
recorder.returned(y)
assert recorder.failure is None, recorder.failure
assert len(recorder.recording.steps) == 3
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
