"""Bands: steps on some rows after the others give what they give on whole images."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from replaying import replayed
from torch import Tensor

from ramiel.runtime import bands
from ramiel.runtime.bands import banded
from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive_pooling import pooled
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.recording import Execution, Recording

pytestmark = pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")

CHANNELS = 16
Function = Callable[[Tensor], Any]
torch.manual_seed(0)
WEIGHTS = {
    kernel: PrimitiveWeight.of(torch.randn(CHANNELS, CHANNELS, kernel, kernel) / kernel / 4)
    for kernel in (1, 2, 3, 5)
}
BIAS = torch.randn(CHANNELS)


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of some KiB are large."""
    monkeypatch.setattr(bands, "BYTES_PER_THREAD", 6000)


def convolved(
    x: Tensor, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, **more: Any
) -> Tensor:
    """A convolution, ReLU behind it."""
    window = stride, padding, dilation, 1
    y = WEIGHTS[kernel].convolve(x, BIAS, more.get("addend"), *window, "relu", (), "none")
    assert y is not None
    return y


def _pool(x: Tensor, kernel: int, stride: int, padding: int, ceil: bool, average: bool) -> Tensor:
    y = pooled(x, kernel, stride, padding, 1, ceil, average, count_include_pad=False)
    assert y is not None
    return y


def _image(seed: int, height: int = 31, width: int = 9) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, CHANNELS, height, width, generator=generator)


def _recording(function: Function, x: Tensor) -> Recording:
    function(x)
    recorder = Recorder([x], [*WEIGHTS.values(), BIAS])
    with recorder.watching():
        result = function(x)
    recorder.returned(result)
    assert recorder.failure is None
    return recorder.recording


def _check(function: Function, height: int = 31, width: int = 9) -> int:
    """How many steps more there are in bands."""
    with torch.inference_mode():
        recording = _recording(function, _image(0, height, width))
        found = banded(recording, threads=1)
        for seed in range(3):
            x = _image(seed, height, width)
            expected, results = function(x), replayed(found, x)
            if isinstance(expected, Tensor):
                expected, results = [expected], [results]
            for one, other in zip(expected, results, strict=True):
                assert one.stride() == other.stride()
                least = 1e-6 * float(one.abs().max())  # sums at the edges are in another order
                torch.testing.assert_close(other, one, rtol=1e-5, atol=least)
    return len(found.steps) - len(recording.steps)


def test_a_chain_runs_on_one_band_after_the_other() -> None:
    def function(x: Tensor) -> Tensor:
        y = x.contiguous(memory_format=torch.channels_last)
        y = convolved(convolved(y, 3, padding=1), 5, stride=2, padding=2)
        return torch.relu(y) + 0

    assert _check(function) == 2 * 3  # three steps in three bands: images of 17,856 bytes


def test_small_images_stay_whole() -> None:
    def function(x: Tensor) -> Tensor:
        return convolved(convolved(x, 3, padding=1), 3, padding=1)

    assert _check(function, height=8) == 0


def test_what_is_read_later_too_is_there_whole() -> None:
    def function(x: Tensor) -> list[Tensor]:
        y = convolved(x, 3, padding=1)
        z = convolved(y, 3, padding=1)
        return [convolved(z, 1) + y.flip(2), z]

    assert _check(function) == 2 * 4  # a copy and three convolutions; y and z are whole


def test_residual_sums_read_the_same_rows() -> None:
    def function(x: Tensor) -> Tensor:
        y = convolved(x.contiguous(memory_format=torch.channels_last), 2, padding=1)
        z = convolved(y, 3, padding=1)
        return convolved(z, 3, padding=1, addend=y) + y

    assert _check(function) > 0


def test_what_another_step_writes_a_part_of_is_not_cut() -> None:
    def function(x: Tensor) -> Tensor:
        y = convolved(x, 1)
        joined = torch.cat([y, convolved(y, 3, padding=1)], 1)
        return torch.relu(joined) + 0

    _check(function)


def test_images_whose_channels_are_outermost_stay_whole() -> None:
    def function(x: Tensor) -> Tensor:
        y = convolved(x, 1).contiguous()  # rows of a channel, all of it before the next one
        return convolved(y.contiguous(memory_format=torch.channels_last), 3)

    assert _check(function) == 2 * 5
    with torch.inference_mode():
        found = banded(_recording(function, _image(0)), threads=1)
    places = [step.result for step in found.steps if isinstance(step, Execution)]
    sizes = {found.buffers[place.buffer].size for place in places if place.strides[2] == 9}
    assert sizes == {31 * 9 * CHANNELS * 4}


def test_more_bands_than_rows_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "BYTES_PER_THREAD", 100)
    assert _check(lambda x: _pool(convolved(x, 3), 5, 5, 0, False, False) + 0) == 0


@pytest.mark.parametrize("seed", range(40))
def test_random_chains(seed: int) -> None:
    chance = random.Random(seed)
    kinds: list[Function] = []
    for _ in range(chance.randrange(2, 6)):
        kernel, stride = chance.choice([1, 2, 3, 5]), chance.choice([1, 1, 2, 3])
        same = {"kernel": kernel, "stride": stride, "padding": chance.randrange(kernel // 2 + 1)}
        pool = {"ceil": chance.random() < 0.5, "average": chance.random() < 0.5}
        choices: list[Function] = [
            partial(convolved, **same, dilation=chance.choice([1, 1, 2])),
            partial(_pool, **same, **pool),
            lambda x: torch.relu(x) * x,
            lambda x: x + x,
        ]
        kinds.append(chance.choice(choices))

    def function(x: Tensor) -> list[Tensor]:
        values = [x.contiguous(memory_format=torch.channels_last)]
        for kind in kinds:
            values.append(kind(values[-1]))
        return values[-1 - seed % 2 :]

    _check(function, chance.randrange(40, 90), width=40)
