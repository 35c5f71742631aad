"""Clusters on PyTorch's own team of OpenMP threads: lanes, a wide cluster, and what goes wrong."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch import Tensor

from ramiel.runtime import Cluster, Input, Message, ParallelModel
from ramiel.runtime.errors import ChannelError, ClusterError
from ramiel.runtime.program import Program
from ramiel.runtime.team import has_team, run_on_team
from ramiel.runtime.team_call import team_size

X = torch.arange(6.0).reshape(2, 3)
facts: dict[str, Any] = {}


async def wide(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    """Before, between and after two stretches of lanes."""
    facts["wide"] = torch.get_num_threads()
    channels.send("first", x + 1, to="left")
    channels.send("first", x + 1, to="right")
    between = await channels.recv("sum", source="left")
    channels.send("second", between * 2, to="left")
    channels.send("second", between * 2, to="right")
    return {"y": await channels.recv("end", source="right")}


async def left(w: Any, channels: Any) -> dict[str, Tensor]:
    facts["left"] = (torch.get_num_threads(), torch.is_grad_enabled(), threading.get_ident())
    first = await channels.recv("first", source="wide")
    channels.send("sum", first + await channels.recv("product", source="right"), to="wide")
    channels.send("again", await channels.recv("second", source="wide"), to="right")
    return {}


async def right(w: Any, channels: Any) -> dict[str, Tensor]:
    facts["right"] = (torch.get_num_threads(), torch.is_grad_enabled(), threading.get_ident())
    channels.send("product", 3 * await channels.recv("first", source="wide"), to="left")
    second = await channels.recv("second", source="wide")
    channels.send("end", second - await channels.recv("again", source="left") + second, to="wide")
    return {}


class Lanes(ParallelModel):
    """y = 2 · ((x + 1) + 3 · (x + 1))."""

    inputs = (Input("x", torch.float32, (2, 3)),)
    outputs = ("y",)
    clusters = (Cluster(wide, reads=("x",), width=2), Cluster(left), Cluster(right))
    channels = (
        Message("first", "wide", "left"),
        Message("first", "wide", "right"),
        Message("product", "right", "left"),
        Message("sum", "left", "wide"),
        Message("second", "wide", "left"),
        Message("second", "wide", "right"),
        Message("again", "left", "right"),
        Message("end", "right", "wide"),
    )


def program(*widths: int) -> Program:
    """A program of clusters of these widths, which nobody runs."""
    clusters: list[Cluster] = []
    for number, width in enumerate(widths):

        async def function(w: Any, channels: Any) -> dict[str, Tensor]:
            return {}

        function.__name__ = f"cluster_{number}"
        clusters.append(Cluster(function, width=width))
    return Program("test", clusters, [])


def test_a_team_runs_python_on_each_of_its_threads() -> None:
    seen: dict[int, tuple[int, int]] = {}
    meeting = threading.Barrier(2, timeout=10)

    def work(member: int) -> None:
        meeting.wait()  # both at the same time
        seen[member] = threading.get_ident(), torch.get_num_threads()

    threads = torch.get_num_threads()
    run_on_team(2, work)
    assert sorted(seen) == [0, 1]
    assert len({ident for ident, _ in seen.values()}) == 2
    assert seen[0][0] == threading.get_ident()
    assert [count for _, count in seen.values()] == [1, 1]
    assert torch.get_num_threads() == threads


def test_operators_inside_a_team_compute_the_same() -> None:
    x, w = torch.randn(64, 512), torch.randn(256, 512)
    results: dict[int, Tensor] = {}

    def work(member: int) -> None:
        with torch.inference_mode():
            results[member] = torch.nn.functional.linear(x, w)

    run_on_team(2, work)
    for result in results.values():
        torch.testing.assert_close(result, x @ w.T, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("widths", "size"),
    [
        *(((2, 1, 1), 2), ((2, 1), 2), ((1,), None), ((2,), None), ((1, 1), None)),
        *(((2, 2, 1), None), ((2, 1, 1, 1), None)),
    ],
)
def test_which_programs_run_on_a_team(widths: tuple[int, ...], size: int | None) -> None:
    assert team_size(program(*widths)) == size


def test_a_wide_cluster_and_lanes_take_turns() -> None:
    with Lanes({}) as model:
        for _ in range(200):
            with torch.no_grad():
                torch.testing.assert_close(model(X), 8 * (X + 1))
            assert facts["left"][:2] == facts["right"][:2] == (1, False)
    assert facts["wide"] == 2
    assert facts["left"][2] != facts["right"][2]


def test_gradients_flow_through_a_team() -> None:
    x = X.clone().requires_grad_()
    with Lanes({}) as model:
        model(x).sum().backward()
    assert facts["left"][1] is True
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.full_like(X, 8.0))


def test_a_stream_runs_on_the_team_too() -> None:
    with Lanes({}) as model:
        items = [X * number for number in range(20)]
        for x, y in zip(items, model.stream(items, depth=4), strict=True):
            torch.testing.assert_close(y, 8 * (x + 1))
        names = {t.name for t in threading.enumerate() if t.name.startswith("Lanes ")}
    assert names == {"Lanes team"}


def model_with(name: str, function: Any) -> type[ParallelModel]:
    """Lanes with another function in the place of one cluster."""
    function.__name__ = name
    others = [c if c.name != name else Cluster(function, c.reads, c.width) for c in Lanes.clusters]
    return type("Changed", (Lanes,), {"clusters": tuple(others)})


@pytest.mark.parametrize("name", ["wide", "left", "right"])
def test_an_error_names_its_cluster_and_the_next_call_works(name: str) -> None:
    fails = [True]
    original = next(c.function for c in Lanes.clusters if c.name == name)

    async def function(*arguments: Any) -> dict[str, Tensor]:
        if fails[0]:
            raise ValueError("no luck")
        return await original(*arguments)

    with model_with(name, function)({}, timeout=10) as model:
        with pytest.raises(ClusterError, match=name):
            model(X)
        fails[0] = False
        torch.testing.assert_close(model(X), 8 * (X + 1))


def test_clusters_that_wait_for_each_other_are_a_deadlock() -> None:
    async def function(w: Any, channels: Any) -> dict[str, Tensor]:
        await channels.recv("again", source="left")
        return {}

    with (
        model_with("right", function)({}, timeout=10) as model,
        pytest.raises(ChannelError, match=r"deadlock: .*left for 'product' from right"),
    ):
        model(X)


@pytest.mark.parametrize("name", ["left", "right"])
def test_a_lane_cannot_call_its_own_model(name: str) -> None:
    loaded: list[ParallelModel] = []

    async def function(w: Any, channels: Any) -> dict[str, Tensor]:
        loaded[0](X)
        return {}

    with model_with(name, function)({}, timeout=10) as model:
        loaded.append(model)
        with pytest.raises(ClusterError, match="called from inside its own call"):
            model(X)


def test_there_is_no_team_that_is_too_large() -> None:
    assert has_team(2)
    assert not has_team(100_000)
