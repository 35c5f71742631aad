"""Running products, draws and 16-bit losses: what few models have, against ONNX's evaluator."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from checking import check, model_of, run

RANDOM = np.random.default_rng(6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "uint32"])
@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
def test_running_products(dtype: str, exclusive: int, reverse: int) -> None:
    x = RANDOM.integers(1, 4, (3, 4)).astype(dtype)
    for axis in (np.array(1, np.int64), np.array(-2, np.int32)):
        check("CumProd", [x, axis], opset=26, exclusive=exclusive, reverse=reverse)


def test_multinomial_follows_its_probabilities() -> None:
    x = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-30]], np.float32))
    [drawn] = run(model_of("Multinomial", [x], sample_size=4000, seed=1.0, dtype=7), [x])
    assert (drawn.dtype, drawn.shape) == (np.int64, (2, 4000))
    shares = [np.bincount(row, minlength=3) / 4000 for row in drawn]
    np.testing.assert_allclose(shares, [[0.1, 0.2, 0.7], [0.5, 0.5, 0]], atol=0.03)


def test_random_normal_has_its_mean_scale_and_seed() -> None:
    attributes: dict[str, Any] = {"mean": 2.0, "scale": 3.0, "shape": [100, 100]}
    seeded, free = (
        model_of("RandomNormal", [], seed=1.0, **attributes),
        model_of("RandomNormal", [], **attributes),
    )
    [drawn], [again] = run(seeded, []), run(seeded, [])
    assert np.array_equal(drawn, again)
    assert abs(drawn.mean() - 2) < 0.1
    assert abs(drawn.std() - 3) < 0.1
    assert not np.array_equal(run(free, [])[0], run(free, [])[0])


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("operator", ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
@pytest.mark.parametrize("dtype", [np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)])
def test_losses_in_16_bits(operator: str, reduction: str, dtype: np.dtype[Any]) -> None:
    x = RANDOM.standard_normal((2, 3, 4)).astype(dtype)
    target = np.array([[0, 2, 1, 0], [1, 1, 0, 2]])
    weight = np.array([0.2, 0.3, 0.5], dtype)
    # One unit in the last place at each of the reference's own three roundings.
    bound = 3 * 2.0 ** -(10 if dtype == np.float16 else 7)
    check(operator, [x, target], reduction=reduction, rtol=bound, atol=bound)
    check(
        operator,
        [x, target, weight],
        reduction=reduction,
        ignore_index=1,
        rtol=bound,
        atol=bound,
    )
