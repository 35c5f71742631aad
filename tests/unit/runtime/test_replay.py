"""A replay does what its recording says, also when nothing else is left of that."""

from __future__ import annotations

import gc

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.replay import Replay
from ramiel.runtime.replay_plan import Block

pytestmark = pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")


def _replay(weight: Tensor, x: Tensor, winograd: bool) -> Replay:
    own = PrimitiveWeight.of(weight, "winograd" if winograd else "onednn")

    def function(x: Tensor) -> Tensor | None:
        return own.convolve(x, None, None, 1, 1, 1, 1, "relu", (), "none")

    function(x)
    recorder = Recorder([x], [own])
    with recorder.watching():
        result = function(x)
    recorder.returned(result)
    assert recorder.failure is None
    return Replay(recorder.recording, Block(recorder.recording))


@pytest.mark.parametrize("winograd", [False, True])
def test_it_keeps_what_its_calls_need(winograd: bool) -> None:
    torch.manual_seed(0)
    weight = torch.randn(16, 16, 3, 3) / 12
    x = torch.randn(1, 16, 9, 9).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        replay = _replay(weight, x, winograd)
        gc.collect()
        others = [_replay(torch.zeros_like(weight), x, winograd) for _ in range(20)]
        with pytest.raises(StopIteration) as end:
            replay([x], None).send(None)  # pyright: ignore
    expected = F.conv2d(x, weight, padding=1).relu()
    torch.testing.assert_close(end.value.value, expected, rtol=1e-5, atol=1e-5)
    assert len(others) == 20
