"""Weights of a recording in one block: what is computed with them stays."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ramiel.runtime.gathering import gather_weights
from ramiel.runtime.huge_pages import PAGE, block
from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive import Primitive
from ramiel.runtime.primitive_convolution import convolution
from ramiel.runtime.recording import Execution, Place, Recording


@pytest.mark.parametrize("size", [0, 1, 4096, PAGE, PAGE + 1, 3 * PAGE - 1])
def test_a_block_is_aligned_and_begins_its_storage(size: int) -> None:
    found = block(size)
    assert (found.dtype, found.shape) == (torch.uint8, (size,))
    assert found.data_ptr() % (PAGE if size >= PAGE else 64) == 0
    assert found.untyped_storage().data_ptr() == found.data_ptr()
    found.fill_(7)
    assert bool((found == 7).all())


def _recording(primitives: list[Primitive]) -> Recording:
    place = Place(0, 0, (1,), (1,), torch.float32)
    return Recording([], [Execution(primitive, place, (place,)) for primitive in primitives])


@pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")
def test_weights_lie_behind_each_other_and_give_the_same() -> None:
    library = onednn()
    assert library is not None
    torch.manual_seed(0)
    x = torch.randn(1, 16, 5, 5).to(memory_format=torch.channels_last)

    def made(outputs: int, kernel: int, bias: bool) -> Primitive:
        weight = torch.randn(outputs, 16, kernel, kernel)
        given = torch.randn(outputs) if bias else None
        return convolution(library, x.shape, weight, given, (1, kernel // 2, 1, 1), None)

    first, second, third = made(32, 3, True), made(16, 1, False), made(48, 1, True)
    expected: list[Tensor] = [primitive(x) for primitive in (first, second, third)]
    gather_weights(_recording([first, second, first, third]))
    found = [primitive(x) for primitive in (first, second, third)]
    assert all(map(torch.equal, expected, found))
    tensors = [data for p in (first, second, third) for _, _, data in p.constants]
    assert len({data.untyped_storage().data_ptr() for data in tensors}) == 1
    starts = [data.data_ptr() for data in tensors]
    assert starts == sorted(starts)
    assert all(start % 64 == 0 for start in starts)


@pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN")
def test_a_weight_of_two_primitives_is_there_once() -> None:
    library = onednn()
    assert library is not None
    x = torch.randn(1, 64, 5, 5).to(memory_format=torch.channels_last)
    one = convolution(library, x.shape, torch.randn(64, 64, 1, 1), None, (1, 0, 1, 1), None)
    expected = one(x)
    other = convolution(library, x.shape, torch.randn(64, 64, 1, 1), None, (1, 0, 1, 1), None)
    other.constants = one.constants
    gather_weights(_recording([one, other]))
    assert one.constants[0][2].data_ptr() == other.constants[0][2].data_ptr()
    assert torch.equal(one(x), expected)
    assert torch.equal(other(x), expected)
