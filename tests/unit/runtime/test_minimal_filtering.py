"""Minimal filtering gives what a filter gives, with fewer products."""

from __future__ import annotations

import math

import pytest
import torch

from ramiel.runtime.minimal_filtering import Matrix, minimal_filtering
from ramiel.runtime.winograd_tiles import Axis


def tensor(rows: Matrix) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize(("outputs", "taps"), [(1, 1), (4, 3), (2, 5), (2, 7), (6, 3)])
def test_it_is_the_filter(outputs: int, taps: int) -> None:
    filtering = minimal_filtering(outputs, taps)
    assert filtering.products == outputs + taps - 1
    assert filtering.outputs == outputs
    torch.manual_seed(0)
    inputs = torch.randn(filtering.products, dtype=torch.float64)
    taps_of = torch.randn(taps, dtype=torch.float64)
    products = (tensor(filtering.filter) @ taps_of) * (tensor(filtering.input) @ inputs)
    expected = inputs.unfold(0, taps, 1) @ taps_of
    torch.testing.assert_close(tensor(filtering.output) @ products, expected)


def test_the_matrices_are_polynomials_at_points() -> None:
    filtering = minimal_filtering(4, 3)
    a, b = 5 / 8, 3 / 2
    assert filtering.input[0] == (a * a * b * b, 0, -(a * a + b * b), 0, 1, 0)
    assert filtering.filter[0] == (1 / (a * a * b * b), 0, 0)
    assert filtering.output[3] == (0, a**3, -(a**3), b**3, -(b**3), 1)


def test_all_numbers_but_those_of_filters_are_exact_in_float32() -> None:
    for outputs, taps in ((4, 3), (2, 5), (2, 7)):
        filtering = minimal_filtering(outputs, taps)
        for matrix in (filtering.input, filtering.output):
            assert torch.equal(tensor(matrix).float().double(), tensor(matrix))


def test_tiles_read_what_is_in_the_image_and_write_what_is_in_the_result() -> None:
    axis = Axis(size=14, padding=1, outputs=14, filtering=minimal_filtering(4, 3))
    assert axis.tiles == math.ceil(14 / 4)
    assert [axis.start(tile) for tile in range(4)] == [-1, 3, 7, 11]
    assert [axis.inputs(tile) for tile in range(4)] == [(1, 6), (0, 6), (0, 6), (0, 3)]
    assert [axis.results(tile) for tile in range(4)] == [4, 4, 4, 2]
