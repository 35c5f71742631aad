"""Doing a recording again without a program around it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ramiel.runtime.recording import Recording
from ramiel.runtime.replay import Replay
from ramiel.runtime.replay_plan import Block


def replayed(recording: Recording, x: Tensor) -> Any:
    """What a recording of one argument, without messages, gives for x."""
    try:
        Replay(recording, Block(recording))([x], None).send(None)  # pyright: ignore
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")
