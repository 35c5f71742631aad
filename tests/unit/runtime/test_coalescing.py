"""Coalescing: what a copy would only move is written to its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from replaying import replayed
from torch import Tensor

from ramiel.runtime.coalescing import coalesced
from ramiel.runtime.onednn import onednn
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.recording import Execution, Recording

pytestmark = pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")


def _recording(function: Callable[[Tensor], Any], x: Tensor) -> Recording:
    recorder = Recorder([x], [])
    with recorder.watching():
        result = function(x)
    recorder.returned(result)
    assert recorder.failure is None
    return recorder.recording


def _copies(recording: Recording) -> int:
    executions = [step for step in recording.steps if isinstance(step, Execution)]
    return len([step for step in executions if step.primitive.is_copy])


def _check(function: Callable[[Tensor], Any], before: int, after: int) -> None:
    with torch.inference_mode():
        x = torch.randn(4, 6)
        recording = _recording(function, x)
        found = coalesced(recording)
        assert (_copies(recording), _copies(found)) == (before, after)
        for seed in range(3):
            x = torch.randn(4, 6, generator=torch.Generator().manual_seed(seed))
            assert torch.equal(replayed(found, x), function(x))


def test_the_parts_of_an_outer_join_lie_in_it() -> None:
    _check(lambda x: torch.cat([torch.relu(x), x + x, x]) * 2, before=3, after=1)


def test_so_do_joins_in_joins_and_views_of_parts() -> None:
    def function(x: Tensor) -> Tensor:
        inner = torch.cat([torch.relu(x), x * x]).reshape(2, 24)
        return torch.cat([inner, (x + x).reshape(2, 12).sort(1).values.repeat(1, 2)]) * 2

    _check(function, before=4, after=1)


def test_what_an_operator_writes_in_place_lies_there_too() -> None:
    def function(x: Tensor) -> Tensor:
        y = torch.relu(x)
        y[1:3] += 1
        return torch.cat([x, y]) * 2

    _check(function, before=2, after=1)


def test_inner_joins_are_copied() -> None:
    _check(lambda x: torch.cat([torch.relu(x), x + x], 1) * 2, before=2, after=2)


def test_what_is_read_later_is_copied() -> None:
    def function(x: Tensor) -> Tensor:
        y = torch.relu(x)
        return torch.cat([y, y]) * 2 + torch.cat([x, y * x])

    _check(function, before=4, after=3)
    _check(lambda x: torch.cat([y := torch.relu(x), y]) * 2, before=2, after=1)


def test_parts_that_are_read_elsewhere_later_are_copied() -> None:
    def function(x: Tensor) -> Tensor:
        y = torch.relu(x)
        z = torch.cat([y[:2], y[2:], x])
        return z * 2

    _check(function, before=3, after=3)
