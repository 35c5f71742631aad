"""Padding in each mode, by constants and by operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of, run

from ramiel.errors import RamielError

X = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "int64", "bool", "uint8"])
def test_constant(dtype: str) -> None:
    value = np.array(1, dtype)
    check("Pad", [X.astype(dtype), ints(0, 1, 2, 1, 0, 3), value])


def test_constant_of_axes() -> None:
    check("Pad", [X, ints(1, 2, 0, 1), np.array(2.5, np.float32), ints(2, 0)])
    check("Pad", [X, ints(1, 0), None, ints(-2)])


def test_negative_pads_crop() -> None:
    expected = np.pad(X, ((0, 0), (0, 0), (0, 2)))[:1, 1:]
    check("Pad", [X, ints(0, -1, 0, -1, 0, 2)], expected=[expected])


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
@pytest.mark.parametrize("pads", [(0, 0, 1, 0, 0, 2), (1, 2, 3, 0, 1, 2), (0, 4, 5, 1, 3, 6)])
def test_from_inside(mode: str, pads: tuple[int, ...]) -> None:
    check("Pad", [X, ints(*pads)], mode=mode)


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
def test_integers_from_inside(mode: str) -> None:
    check("Pad", [X.astype(np.int32), ints(0, 1, 1, 0, 1, 2)], mode=mode)


@pytest.mark.parametrize(
    ("pads", "mode", "expected"),
    [
        ((0, 0, 1, 0, 0, 2), "constant", "F.pad(x0, (1, 2))"),
        ((0, 1, 0, 0, 1, 0), "constant", "F.pad(x0, (0, 0, 1, 1))"),
        ((0, 0, 1, 0, 0, 2), "reflect", 'F.pad(x0, (1, 2), mode="reflect")'),
        ((0, 0, 1, 0, 0, 2), "edge", 'F.pad(x0, (1, 2), mode="replicate")'),
    ],
)
def test_padding_reads_as_written_by_hand(pads: tuple[int, ...], mode: str, expected: str) -> None:
    assert lines(model_of("Pad", [X, ints(*pads)], baked=True, mode=mode)) == [expected]


def test_nothing_to_pad_is_no_line() -> None:
    assert lines(model_of("Pad", [X, ints(0, 0, 0, 0, 0, 0)], baked=True)) == []


def test_cropping_and_reflecting_is_refused() -> None:
    model = model_of("Pad", [X, ints(0, 0, -1, 0, 0, 2)], baked=True, mode="reflect")
    with pytest.raises(RamielError, match="negative pads"):
        run(model, [X])
