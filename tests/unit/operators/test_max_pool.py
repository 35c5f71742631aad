"""Max-pooling by rows and columns gives what PyTorch's own gives."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from ramiel.operators.helpers.max_pool import max_pool2d

GEOMETRIES = [
    (kernel, stride, padding, ceil_mode)
    for kernel, stride, padding, ceil_mode in itertools.product(
        (1, 2, 3, 5), (1, 2, 3, 4), (0, 1, 2), (False, True)
    )
    if padding <= kernel // 2
]


def picture(height: int, width: int) -> torch.Tensor:
    """Normal numbers, with one that is none and one that is infinite."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, height, width).contiguous(memory_format=torch.channels_last)
    x[0, 0, 0, 0], x[1, 1, -1, -1] = torch.nan, -torch.inf
    return x


@pytest.mark.parametrize("height", [1, 5, 8, 12])
def test_windows_of_all_kinds(height: int) -> None:
    compared = 0
    for (kernel, stride, padding, ceil_mode), width in itertools.product(GEOMETRIES, (6, 9)):
        if height + 2 * padding < kernel:
            continue
        x = picture(height, width)
        actual = max_pool2d(x, kernel, stride, padding, ceil_mode=ceil_mode)
        expected = F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil_mode)
        assert torch.equal(actual.nan_to_num(99.0), expected.nan_to_num(99.0))
        assert actual.is_contiguous(memory_format=torch.channels_last)
        compared += 1
    assert compared > 50


def test_windows_that_are_not_square() -> None:
    x = picture(11, 7).nan_to_num()
    actual = max_pool2d(x, (3, 2), (2, 1), (1, 0))
    assert torch.equal(actual, F.max_pool2d(x, (3, 2), (2, 1), (1, 0)))


def test_the_stride_is_the_window_unless_it_is_given() -> None:
    x = picture(11, 7).nan_to_num()
    assert torch.equal(max_pool2d(x, 3), F.max_pool2d(x, 3))


def test_other_layouts_and_dilations_are_left_to_pytorch() -> None:
    x = picture(9, 9).nan_to_num()
    usual = x.contiguous()
    assert torch.equal(max_pool2d(usual, 3, 2, 1), F.max_pool2d(usual, 3, 2, 1))
    assert torch.equal(max_pool2d(x, 3, 1, 1, 2), F.max_pool2d(x, 3, 1, 1, 2))


def test_the_input_is_not_written() -> None:
    x = picture(9, 9).nan_to_num()
    before = x.clone()
    for kernel, stride, padding in ((1, 1, 0), (3, 1, 1), (2, 3, 1)):
        max_pool2d(x, kernel, stride, padding)
        assert torch.equal(x, before)
