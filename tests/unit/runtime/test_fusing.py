"""Fusing: sums, activations and copies are computed by the step before them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from replaying import replayed
from torch import Tensor

from ramiel.operators.helpers.onednn_pooling import onednn_avg_pool2d
from ramiel.runtime.fusing import fused
from ramiel.runtime.onednn import onednn
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.recording import Receive

pytestmark = pytest.mark.skipif(
    onednn() is None or torch.backends.cpu.get_cpu_capability() != "AVX512",
    reason="the machine code needs AVX-512, and oneDNN is what it goes beside",
)


def _image(seed: int, channels: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, channels, 9, 7, generator=generator)
    return image.contiguous(memory_format=torch.channels_last)


def _pool(x: Tensor) -> Tensor:
    return onednn_avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _check(
    function: Callable[[Tensor], Tensor], steps: tuple[int, int], channels: int = 32
) -> None:
    """Both ways give the same; `steps`: how many there are before and after."""
    with torch.inference_mode():
        function(_image(0, channels))
        recorder = Recorder([_image(0, channels)], [])
        with recorder.watching():
            result = function(recorder.arguments[0])
        recorder.returned(result)
        assert recorder.failure is None
        found = fused(recorder.recording)
        assert (len(recorder.recording.steps), len(found.steps)) == steps
        for seed in range(3):
            x = _image(seed, channels)
            torch.testing.assert_close(replayed(found, x), function(x), rtol=1e-6, atol=1e-6)


def test_a_sum_and_an_activation_go_into_an_average() -> None:
    _check(lambda x: F.relu(_pool(x) + x), (3, 1))


def test_they_are_written_into_a_join() -> None:
    _check(lambda x: torch.cat([F.relu(_pool(x) + x), F.relu(x + x), x], 1) + 0, (9, 4))


def test_a_value_and_itself_is_a_factor() -> None:
    def function(x: Tensor) -> Tensor:
        y = _pool(x)
        return F.relu(y + y)

    _check(function, (3, 1))


def test_what_something_else_reads_stays() -> None:
    def function(x: Tensor) -> Tensor:
        y = _pool(x)
        return F.relu(y) * y

    _check(function, (3, 3))


def test_an_activation_is_not_activated_twice_nor_a_sum_added_to() -> None:
    _check(lambda x: (F.relu(x) + x) + x, (3, 3))


def test_few_channels_stay_with_onednn() -> None:
    _check(lambda x: F.relu(_pool(x) + x), (3, 3), channels=8)


def test_it_does_not_wait_for_a_message() -> None:
    with torch.inference_mode():
        x = _image(0)
        recorder = Recorder([x], [])
        with recorder.watching():
            result = F.relu(_pool(recorder.arguments[0]))
        recorder.returned(result)
        pool, relu = recorder.recording.steps
        recorder.recording.steps[:] = [pool, Receive("value", "other", 0), relu]
        assert len(fused(recorder.recording).steps) == 3
