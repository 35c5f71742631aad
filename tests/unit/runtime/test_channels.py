"""Messages: each that the model lists is sent once and received once; order does not matter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ramiel.runtime import ChannelError, Cluster, ClusterError, Input, Message, ParallelModel

X = torch.tensor(1.0)
trace: list[str] = []


def model_of(*functions: Any, messages: tuple[Message, ...]) -> type[ParallelModel]:
    """A model whose first cluster reads x."""

    class Model(ParallelModel):
        inputs = (Input("x", torch.float32),)
        outputs = ("y",)
        clusters = tuple(Cluster(f, ("x",) if f is functions[0] else ()) for f in functions)
        channels = messages

    return Model


async def source(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    for value in ("a", "b", "c"):
        trace.append(f"send {value}")
        channels.send(value, x + ord(value), to="sink")
    channels.send("a", x, to="echo")
    trace.append("source waits")
    echo = await channels.recv("a", source="echo")
    trace.append("source ends")
    return {"y": echo}


async def echo(w: Any, channels: Any) -> dict[str, Tensor]:
    trace.append("echo waits")
    a = await channels.recv("a", source="source")
    c = await channels.recv("c", source="sink")
    channels.send("a", a + c, to="source")
    trace.append("echo ends")
    return {}


async def sink(w: Any, channels: Any) -> dict[str, Tensor]:
    trace.append("sink starts")
    c = await channels.recv("c", source="source")
    a = await channels.recv("a", source="source")
    b = await channels.recv("b", source="source")
    channels.send("c", a + b - c, to="echo")
    trace.append("sink ends")
    return {}


ROUNDS = model_of(
    source,
    echo,
    sink,
    messages=(
        *(Message(value, "source", "sink") for value in "abc"),
        Message("a", "source", "echo"),
        Message("c", "sink", "echo"),
        Message("a", "echo", "source"),
    ),
)


def test_messages_out_of_order_and_equal_names_on_different_channels(executor: str) -> None:
    with ROUNDS({}, executor) as model:
        for _ in range(20):
            assert model(X) == 1 + 1 + ord("a") + ord("b") - ord("c")


def test_the_serial_order_is_always_the_same() -> None:
    model = ROUNDS({}, "serial")
    for _ in range(3):
        trace.clear()
        model(X)
        assert trace == [
            *("send a", "send b", "send c", "source waits"),
            *("echo waits", "sink starts", "sink ends", "echo ends", "source ends"),
        ]


async def start(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    return {"y": await channels.recv("b", source="end")}


async def end(w: Any, channels: Any) -> dict[str, Tensor]:
    channels.send("b", await channels.recv("a", source="start"), to="start")
    return {}


def test_the_serial_executor_finds_a_deadlock() -> None:
    messages = (Message("b", "end", "start"), Message("a", "start", "end"))
    message = "deadlock: start for 'b' from end, end for 'a' from start"
    with pytest.raises(ChannelError, match=message):
        model_of(start, end, messages=messages)({}, "serial")(X)


async def twice(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    channels.send("a", x, to="reader")
    channels.send("a", x, to="reader")
    return {"y": x}


async def unlisted(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    await channels.recv("z", source="reader")
    return {"y": x}


async def silent(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    return {"y": x}


async def reader(w: Any, channels: Any) -> dict[str, Tensor]:
    for cluster in ("twice", "unlisted", "silent"):
        if (cluster,) == tuple(source for _, source in channels._expected):
            await channels.recv("a", source=cluster)
    return {}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (twice, "no message 'a' to reader is left to send"),
        (unlisted, "no message 'z' from reader is left to receive"),
        (silent, "ended without sending 'a' to reader"),
    ],
)
def test_a_cluster_that_breaks_the_list_is_named(
    executor: str, function: Any, message: str
) -> None:
    name = function.__name__
    messages = (Message("a", name, "reader"),)
    with (
        model_of(function, reader, messages=messages)({}, executor) as model,
        pytest.raises(ClusterError, match=f"^{name}.*ChannelError: {message}$"),
    ):
        model(X)
