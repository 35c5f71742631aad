"""Normalizations, in inference and, where exact, in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

RANDOM = np.random.default_rng(3)
X = RANDOM.standard_normal((2, 6, 4, 5)).astype(np.float32)


def parameters(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.uniform(0.5, 2, shape).astype(np.float32)


def test_batch_normalization() -> None:
    statistics = [parameters(6) for _ in range(4)]
    check("BatchNormalization", [X, *statistics], epsilon=1e-3)
    check("BatchNormalization", [X[:, :, 0, 0], *statistics])


def test_batch_normalization_in_training() -> None:
    inputs = [X, *(parameters(6) for _ in range(4))]
    check("BatchNormalization", inputs, 3, training_mode=1, momentum=0.8, rtol=1e-4)


def test_wider_statistics() -> None:
    inputs = [X.astype(np.float16), *(parameters(6) for _ in range(4))]
    check("BatchNormalization", inputs, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("shape", [(2, 6, 20), (2, 6, 4, 5), (240, 1, 1)])
def test_instance_normalization(shape: tuple[int, ...]) -> None:
    inputs = [X.reshape(shape), parameters(shape[1]), parameters(shape[1])]
    check("InstanceNormalization", inputs, epsilon=1e-2)


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_local_response_normalization(size: int) -> None:
    before, after = (size - 1) // 2, size // 2
    padded = np.pad(X**2, ((0, 0), (before, after), (0, 0), (0, 0)))
    squares = np.lib.stride_tricks.sliding_window_view(padded, size, 1).sum(-1)
    expected = (X / (2 + 0.1 / size * squares) ** 0.5).astype(np.float32)
    check("LRN", [X], expected=[expected], size=size, alpha=0.1, beta=0.5, bias=2.0)


@pytest.mark.parametrize("axis", [-1, 1, 2, -3])
@pytest.mark.parametrize("biased", [True, False])
def test_layer_normalization(axis: int, biased: bool) -> None:
    shape = X.shape[axis % 4 :]
    bias = [parameters(*shape)] if biased else []
    check("LayerNormalization", [X, parameters(*shape), *bias], axis=axis, opset=17)


def test_layer_normalization_with_statistics() -> None:
    inputs = [X, parameters(5), parameters(5)]
    check("LayerNormalization", inputs, 3, opset=17, epsilon=1e-3)


def test_group_normalization() -> None:
    check("GroupNormalization", [X, parameters(6), parameters(6)], num_groups=3, rtol=1e-4)


def test_group_normalization_with_a_scale_for_each_group() -> None:
    scale, bias = parameters(3), parameters(3)
    grouped = X.reshape(2, 3, 2, 4, 5)
    mean = grouped.mean((2, 3, 4), keepdims=True)
    var = grouped.var((2, 3, 4), keepdims=True)
    shape = (1, 3, 1, 1, 1)
    expected = (grouped - mean) / np.sqrt(var + 1e-5) * scale.reshape(shape) + bias.reshape(shape)
    check(
        "GroupNormalization",
        [X, scale, bias],
        opset=18,
        num_groups=3,
        dynamic=False,
        expected=[expected.reshape(X.shape).astype(np.float32)],
    )


@pytest.mark.parametrize("axis", [-1, 2])
def test_rms_normalization(axis: int) -> None:
    check("RMSNormalization", [X, parameters(*X.shape[axis:])], opset=23, axis=axis)
    check("RMSNormalization", [X, parameters(1)], opset=23, axis=axis)


def test_mean_variance_normalization() -> None:
    check("MeanVarianceNormalization", [X], rtol=1e-4)
    check("MeanVarianceNormalization", [X], axes=[1, 3], rtol=1e-4)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [-1, 1])
def test_lp_normalization(p: int, axis: int) -> None:
    x = X.copy()
    x[0] = 0
    norm = np.linalg.norm(x, p, axis, keepdims=True)
    expected = x / np.where(norm == 0, 1, norm)
    check("LpNormalization", [x], p=p, axis=axis, expected=[expected])


def test_normalizations_read_as_written_by_hand() -> None:
    statistics = [parameters(6) for _ in range(4)]
    assert lines(model_of("BatchNormalization", [X, *statistics])) == [
        "F.batch_norm(x0, x3, x4, x1, x2)"
    ]
    assert lines(model_of("LayerNormalization", [X, statistics[0][:5], statistics[1][:5]])) == [
        "F.layer_norm(x0, (5,), x1, x2)"
    ]
    assert lines(model_of("InstanceNormalization", [X, *statistics[:2]])) == [
        "F.instance_norm(x0, weight=x1, bias=x2)"
    ]
    assert lines(model_of("LRN", [X], size=5)) == ["F.local_response_norm(x0, 5)"]
