"""A model of two clusters that do what their input says: fail, hang, or kill their process."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import torch
from torch import Tensor

from ramiel.runtime import Cluster, Input, Message, ParallelModel

NOTHING, FAIL, KILL, HANG, PAUSE, ODD_FAILURE = (torch.tensor(number) for number in range(6))


class Special(Exception):
    """An exception that can be pickled."""


class Odd(Exception):
    """An exception that cannot."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__("odd")


def act(action: Tensor) -> None:
    """Do what an action says."""
    match int(action):
        case 1:
            raise Special("no luck")
        case 2:
            os.kill(os.getpid(), signal.SIGKILL)
        case 3:
            time.sleep(3600)
        case 4:
            time.sleep(0.4)
        case 5:
            raise Odd(1, 2)
        case _:
            pass


async def first(x: Tensor, action: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    """Acts, and sends x + 1."""
    act(action)
    channels.send("value", x + 1, to="second")
    return {"process": torch.tensor(os.getpid())}


async def second(w: Any, channels: Any) -> dict[str, Tensor]:
    """Receives x + 1: an output as it is."""
    value = await channels.recv("value", source="first")
    return {"y": value, "threads": torch.tensor(torch.get_num_threads())}


class Acting(ParallelModel):
    """y = x + 1."""

    inputs = (Input("x", torch.float32), Input("action", torch.int64, ()))
    outputs = ("y", "process", "threads")
    clusters = (Cluster(second), Cluster(first, reads=("x", "action"), width=2))
    channels = (Message("value", "first", "second"),)
