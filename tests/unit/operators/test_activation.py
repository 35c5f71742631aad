"""Activations with their parameters, softmax before and after opset 13, and how they print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

X = np.linspace(-4, 4, 24).reshape(2, 3, 4)
SINGLE = X.astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Relu", {}),
        ("Sigmoid", {}),
        ("LeakyRelu", {}),
        ("LeakyRelu", {"alpha": 0.3}),
        ("Elu", {"alpha": 1.5}),
        ("Selu", {}),
        ("Selu", {"alpha": 1.1, "gamma": 2.0}),
        ("Gelu", {}),
        ("Gelu", {"approximate": "tanh"}),
        ("Mish", {}),
        ("HardSigmoid", {}),
        ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        ("HardSwish", {}),
        ("Softplus", {}),
        ("Softsign", {}),
        ("ThresholdedRelu", {"alpha": 0.5}),
        ("Shrink", {"lambd": 1.0, "bias": 0.5}),
    ],
)
def test_activations(operator: str, attributes: dict[str, Any], dtype: str) -> None:
    half = dtype == "float16"
    check(
        operator,
        [X.astype(dtype)],
        rtol=3e-3 if half else 1e-6,
        atol=3e-3 if half else 1e-6,
        **attributes,
    )


def test_celu() -> None:
    check("Celu", [SINGLE], alpha=0.7)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("LeakyRelu", {"alpha": np.inf}),
        ("LeakyRelu", {"alpha": -np.inf}),
        ("LeakyRelu", {"alpha": np.nan}),
        ("Celu", {"alpha": 0.0}),
        ("Celu", {"alpha": np.inf}),
        ("Celu", {"alpha": np.nan}),
        ("Selu", {"alpha": -np.inf, "gamma": 2.0}),
        ("Selu", {"alpha": np.inf, "gamma": 0.0}),
        ("Selu", {"alpha": np.nan, "gamma": -1.5}),
        ("ThresholdedRelu", {"alpha": 0.5}),
        ("ThresholdedRelu", {"alpha": -np.inf}),
        ("ThresholdedRelu", {"alpha": np.nan}),
    ],
)
def test_what_is_not_finite(operator: str, attributes: dict[str, Any]) -> None:
    x = np.array([-np.inf, -200, -1, -0.0, 0.0, 1, 200, np.inf, np.nan], np.float32)
    check(operator, [x], oracle="onnxruntime", **attributes)


@pytest.mark.parametrize("shape", [(1,), (4,), (3, 1), (1, 3, 1), (2, 3, 4)])
def test_slopes_broadcast(shape: tuple[int, ...]) -> None:
    slope = np.random.default_rng(0).random(shape, np.float32)
    check("PRelu", [SINGLE, slope], expected=[np.where(SINGLE < 0, SINGLE * slope, SINGLE)])


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("opset", [11, 13])
def test_softmax(operator: str, axis: int, opset: int) -> None:
    flat = SINGLE.reshape(int(np.prod(SINGLE.shape[: axis % 3])), -1) if opset < 13 else SINGLE
    along = -1 if opset < 13 else axis
    power = np.exp(flat - flat.max(along, keepdims=True))
    result = power / power.sum(along, keepdims=True)
    if operator == "LogSoftmax":
        result = np.log(result)
    if operator == "Hardmax":
        result = (flat == flat.max(along, keepdims=True)).astype(np.float32)
    expected = [result.reshape(SINGLE.shape)]
    check(operator, [SINGLE], opset=opset, axis=axis, expected=expected)


@pytest.mark.parametrize(
    ("operator", "attributes", "expected"),
    [
        ("Relu", {}, "torch.relu(x0)"),
        ("LeakyRelu", {}, "F.leaky_relu(x0)"),
        ("LeakyRelu", {"alpha": 0.1}, "F.leaky_relu(x0, negative_slope=0.1)"),
        ("Elu", {}, "F.elu(x0)"),
        ("Gelu", {}, "F.gelu(x0)"),
        ("Gelu", {"approximate": "tanh"}, 'F.gelu(x0, approximate="tanh")'),
        ("HardSigmoid", {"alpha": 1 / 6}, "F.hardsigmoid(x0)"),
        ("Softplus", {}, "F.softplus(x0)"),
        ("Softmax", {"axis": 1}, "F.softmax(x0, dim=1)"),
    ],
)
def test_calls_read_as_written_by_hand(
    operator: str, attributes: dict[str, Any], expected: str
) -> None:
    assert lines(model_of(operator, [SINGLE], **attributes)) == [expected]


def test_slope_of_channels_reads_as_written_by_hand() -> None:
    model = model_of("PRelu", [SINGLE, np.ones((3, 1), np.float32)], baked=True)
    assert lines(model) == ["F.prelu(x0, x1.flatten())"]
