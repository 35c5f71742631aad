"""Joins: convolutions 1x1 write into a join themselves, and the other copies are made at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from replaying import replayed
from torch import Tensor

from ramiel.runtime import primitive_winograd
from ramiel.runtime.joins import joined
from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive_convolution import convolution
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.recording import Execution, Recording

pytestmark = pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")

torch.manual_seed(0)
WIDE = PrimitiveWeight.of(torch.randn(32, 16, 1, 1))
NARROW = PrimitiveWeight.of(torch.randn(16, 16, 1, 1))
THREE = PrimitiveWeight.of(torch.randn(16, 16, 3, 3))
BIAS = torch.randn(32)


def _convolved(
    x: Tensor, weight: PrimitiveWeight, bias: Tensor | None = None, addend: Tensor | None = None
) -> Tensor:
    padding = weight.shape[2] // 2
    y = weight.convolve(x, bias, addend, 1, padding, 1, 1, "relu", (), "none")
    assert y is not None
    return y


def _expected(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, addend: Tensor | float = 0
) -> Tensor:
    return F.relu(F.conv2d(x, weight, bias, padding=weight.shape[2] // 2) + addend)


def _image(seed: int = 0, images: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(images, 16, 7, 5, generator=generator)
    return image.contiguous(memory_format=torch.channels_last)


def _recording(function: Any, x: Tensor) -> Recording:
    function(x)
    recorder = Recorder([x], [WIDE, NARROW, THREE, BIAS])
    with recorder.watching():
        result = function(x)
    recorder.returned(result)
    assert recorder.failure is None
    return recorder.recording


def _check(function: Any, expected: Any, threads: int, steps: int, images: int = 1) -> Recording:
    library = onednn()
    assert library is not None
    with torch.inference_mode():
        recording = _recording(function, _image(images=images))
        found = joined(recording, library, threads)
        assert len(found.recording.steps) == steps
        assert len(found.origins) == steps
        for seed in range(3):
            x = _image(seed, images)
            result = replayed(found.recording, x)
            torch.testing.assert_close(result, expected(x), rtol=1e-5, atol=1e-4)
            assert result.stride() == expected(x).stride()
    return found.recording


@pytest.mark.parametrize("images", [1, 2])
def test_pointwise_convolutions_write_into_the_join(images: int) -> None:
    def function(x: Tensor) -> Tensor:
        return torch.cat([_convolved(x, WIDE, BIAS), _convolved(x, NARROW)], 1) + 0

    def expected(x: Tensor) -> Tensor:
        return torch.cat([_expected(x, WIDE, BIAS), _expected(x, NARROW)], 1)

    recording = _check(function, expected, threads=1, steps=3, images=images)
    copies = [s for s in recording.steps if isinstance(s, Execution) and s.primitive.is_copy]
    assert copies == []


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX512", reason="other kernels have other layouts"
)
def test_the_product_reads_the_weight_as_the_convolution_has_it() -> None:
    library = onednn()
    assert library is not None
    for outputs, inputs in ((16, 64), (96, 192), (112, 512), (384, 832)):
        shape, places = (1, inputs, 7, 5), (35 * 999, 1, 5 * 999, 999)
        weight = torch.randn(outputs, inputs, 1, 1)
        convolved = convolution(library, shape, weight, None, (1, 0, 1, 1), None)
        assert convolved.placed is not None
        product = convolved.placed(places)
        weights = [p.constants[0][2].data_ptr() for p in (convolved, product)]
        assert weights[0] == weights[1], (outputs, inputs)
        x = torch.randn(shape).to(memory_format=torch.channels_last)
        y = torch.zeros(1, 7, 5, 999).permute(0, 3, 1, 2)[:, :outputs]
        product.into(y, x)
        torch.testing.assert_close(y, F.conv2d(x, weight), rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX512", reason="the machine code needs AVX-512"
)
@pytest.mark.parametrize("band_bytes", [1 << 21, 1 << 10])
def test_minimal_filtering_writes_into_the_join(
    band_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(primitive_winograd, "BAND_BYTES", band_bytes)
    tiled = PrimitiveWeight.of(torch.randn(24, 16, 3, 3) / 12, "winograd")

    def function(x: Tensor) -> Tensor:
        return torch.cat([_convolved(x, NARROW), _convolved(x, tiled), x], 1) + 0

    def expected(x: Tensor) -> Tensor:
        return torch.cat([_expected(x, NARROW), _expected(x, tiled), x], 1)

    bands = 2 if band_bytes == 1 << 10 else 1
    recording = _check(function, expected, threads=1, steps=3 * bands + 3, images=2)
    copies = [s for s in recording.steps if isinstance(s, Execution) and s.primitive.is_copy]
    assert len(copies) == 1


def test_one_with_an_addend_is_copied() -> None:
    def function(x: Tensor) -> Tensor:
        return torch.cat([_convolved(x, NARROW, None, x), x], 1) + 0

    def expected(x: Tensor) -> Tensor:
        return torch.cat([_expected(x, NARROW, None, x), x], 1)

    _check(function, expected, threads=1, steps=4)


def test_other_convolutions_are_copied_on_several_threads_at_once() -> None:
    def function(x: Tensor) -> Tensor:
        y, z = _convolved(x, THREE), _convolved(x, WIDE, BIAS)
        return torch.cat([y, x, z, x, y], 1) + 0

    def expected(x: Tensor) -> Tensor:
        y, z = _expected(x, THREE), _expected(x, WIDE, BIAS)
        return torch.cat([y, x, z, x, y], 1)

    _check(function, expected, threads=1, steps=7)
    _check(function, expected, threads=2, steps=5)


def test_what_is_read_elsewhere_too_is_copied() -> None:
    def function(x: Tensor) -> tuple[Tensor, Tensor]:
        y = _convolved(x, NARROW)
        return torch.cat([y, x], 1) + 0, y * x

    def expected(x: Tensor) -> tuple[Tensor, Tensor]:
        y = _expected(x, NARROW)
        return torch.cat([y, x], 1), y * x

    library = onednn()
    assert library is not None
    with torch.inference_mode():
        recording = _recording(function, _image())
        assert len(joined(recording, library, 1).recording.steps) == len(recording.steps)
        x = _image(1)
        for one, other in zip(replayed(recording, x), expected(x), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-4)


def test_a_result_that_leaves_is_written_where_it_is_wanted() -> None:
    def function(x: Tensor) -> Tensor:
        return torch.cat([_convolved(x, WIDE, BIAS), _convolved(x, NARROW)], 1)

    def expected(x: Tensor) -> Tensor:
        return torch.cat([_expected(x, WIDE, BIAS), _expected(x, NARROW)], 1)

    _check(function, expected, threads=1, steps=2)


def test_a_join_of_joins() -> None:
    def function(x: Tensor) -> Tensor:
        inner = torch.cat([_convolved(x, WIDE, BIAS), _convolved(x, NARROW)], 1)
        return torch.cat([inner, _convolved(x, NARROW)], 1) + 0

    def expected(x: Tensor) -> Tensor:
        inner = torch.cat([_expected(x, WIDE, BIAS), _expected(x, NARROW)], 1)
        return torch.cat([inner, _expected(x, NARROW)], 1)

    _check(function, expected, threads=1, steps=5)
