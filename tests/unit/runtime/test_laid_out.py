"""A weight is in each layout once, whatever primitives have it."""

from __future__ import annotations

import gc

import torch

from ramiel.runtime.laid_out import LaidOut
from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive_convolution import convolution


def test_primitives_for_other_shapes_share_what_they_can() -> None:
    library, weight = onednn(), torch.randn(32, 32, 3, 3)
    assert library is not None
    known = LaidOut.of(weight)
    window = 1, 1, 1, 1
    made = [
        convolution(library, (1, 32, size, size), weight, None, window, None, None, known)
        for size in (20, 40)
    ]
    first, second = [primitive.constants[0][2] for primitive in made]
    assert first is second


def test_the_same_tensor_has_the_same_layouts_until_it_is_written_to() -> None:
    weight = torch.randn(4, 4)
    known = LaidOut.of(weight)
    assert LaidOut.of(weight) is known
    assert LaidOut.of(torch.randn(4, 4)) is not known
    weight.zero_()
    assert LaidOut.of(weight) is not known


def test_an_inference_tensor_shares_nothing() -> None:
    with torch.inference_mode():
        weight = torch.randn(4, 4)
    assert LaidOut.of(weight) is not LaidOut.of(weight)


def test_layouts_are_forgotten_with_the_primitives_that_had_them() -> None:
    library, weight = onednn(), torch.randn(32, 32, 3, 3)
    assert library is not None
    known = LaidOut()
    made = convolution(library, (1, 32, 20, 20), weight, None, (1, 1, 1, 1), None, None, known)
    assert len(known.layouts(weight.shape)) == 1
    del made
    gc.collect()
    assert known.layouts(weight.shape) == []
