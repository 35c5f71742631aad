"""Inputs are checked before anything runs; the message names the input, the expected, the given."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from ramiel.runtime import Cluster, Input, InputError, ParallelModel

DATA, SCALE = torch.zeros(2, 4), torch.zeros(2, 1)


@pytest.mark.parametrize(
    ("positional", "named", "message"),
    [
        ((), {}, "missing 'data', 'scale' of 2 inputs ('data', 'scale')"),
        ((DATA,), {}, "missing 'scale' of 2 inputs ('data', 'scale')"),
        ((DATA, SCALE, SCALE), {}, "expected 2 inputs ('data', 'scale'), got 3"),
        ((DATA,), {"data": DATA}, "input 'data' is given twice, by position and by name"),
        ((DATA,), {"scales": SCALE}, "no input 'scales': the model has 'data', 'scale'"),
        (
            (DATA.double(), SCALE),
            {},
            "input 'data': expected float32 (batch, 4), got float64 (2, 4)",
        ),
        (
            (DATA[:, :3], SCALE),
            {},
            "input 'data': expected float32 (batch, 4), got float32 (2, 3)",
        ),
        ((DATA[0], SCALE), {}, "input 'data': expected float32 (batch, 4), got float32 (4)"),
        (
            (DATA, torch.zeros(3, 1)),
            {},
            "input 'scale': expected dimension 'batch' to be 2 as in input 'data', got 3",
        ),
        (
            (np.zeros((2, 4), np.float32), SCALE),
            {},
            "input 'data': expected a tensor float32 (batch, 4), got numpy.ndarray "
            "(torch.from_numpy makes one)",
        ),
        (([1.0], SCALE), {}, "input 'data': expected a tensor float32 (batch, 4), got list"),
    ],
)
def test_refused(branches: Any, executor: str, positional: Any, named: Any, message: str) -> None:
    with (
        branches.load(executor) as model,
        pytest.raises(ValueError, match=f"^{re.escape(message)}$"),
    ):
        model(*positional, **named)


def test_by_position_by_name_and_any_batch(
    branches: Any, executor: str, example: Any, expected: Any
) -> None:
    data, scale = example
    with branches.load(executor) as model:
        torch.testing.assert_close(model(data, scale), expected)
        torch.testing.assert_close(model(data, scale=scale), expected)
        torch.testing.assert_close(model(scale=scale, data=data), expected)
        for batch in (0, 1, 5):
            assert model(torch.ones(batch, 4), torch.ones(batch, 1))[0].shape == (batch, 3)


async def add(first: Any, second: Any, w: Any, channels: Any) -> dict[str, Any]:
    return {"sum": first + second}


class Loose(ParallelModel):
    inputs = (Input("x.1", torch.int64), Input("class", torch.int64, ("", 1)))
    outputs = ("sum",)
    clusters = (Cluster(add, reads=("x.1", "class")),)


def test_unknown_shapes_and_names_that_are_no_identifiers() -> None:
    model = Loose({}, "serial")
    one = torch.ones(2, 1, dtype=torch.int64)
    assert model(**{"x.1": one[0, 0], "class": one}).tolist() == [[2], [2]]
    with pytest.raises(InputError, match=re.escape("expected int64 (?, 1), got int64 (1)")):
        model(one, one[0])
    with pytest.raises(InputError, match=re.escape("'x.1': expected int64 of any shape")):
        model(one.float(), one)
