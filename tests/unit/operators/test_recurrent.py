"""Recurrent networks: torch's own functions where they compute the same, else a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

RANDOM = np.random.default_rng(4)
STEPS, BATCH, INPUT, HIDDEN = 5, 3, 4, 2
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def normal(*shape: int) -> np.ndarray[Any, Any]:
    return (RANDOM.standard_normal(shape) * 0.7).astype(np.float32)


def operands(operator: str, directions: int = 1, layout: int = 0) -> list[Any]:
    """X, W, R, B, no lengths and the initial states."""
    gates = GATES[operator] * HIDDEN
    x, state = normal(STEPS, BATCH, INPUT), [normal(directions, BATCH, HIDDEN) for _ in range(2)]
    if layout:
        x, state = x.swapaxes(0, 1), [array.swapaxes(0, 1) for array in state]
    weights = normal(directions, gates, INPUT), normal(directions, gates, HIDDEN)
    states = state if operator == "LSTM" else state[:1]
    return [x, *weights, normal(directions, 2 * gates), None, *states]


def outputs(operator: str) -> int:
    return 3 if operator == "LSTM" else 2


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_directions(operator: str, direction: str) -> None:
    inputs = operands(operator, 2 if direction == "bidirectional" else 1)
    check_with_onnxruntime(operator, inputs, direction=direction)


def check_with_onnxruntime(operator: str, inputs: list[Any], **attributes: Any) -> None:
    check(
        operator,
        inputs,
        outputs(operator),
        oracle="onnxruntime",
        hidden_size=HIDDEN,
        opset=14,
        **attributes,
    )


@pytest.mark.parametrize("direction", ["forward", "bidirectional", "reverse"])
def test_linear_before_reset(direction: str) -> None:
    inputs = operands("GRU", 2 if direction == "bidirectional" else 1)
    check_with_onnxruntime("GRU", inputs, direction=direction, linear_before_reset=1)


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
def test_without_bias_and_state(operator: str) -> None:
    check_with_onnxruntime(operator, operands(operator)[:3])


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "bidirectional", "reverse"])
def test_sequence_lengths(operator: str, direction: str) -> None:
    inputs = operands(operator, 2 if direction == "bidirectional" else 1)
    inputs[4] = np.array([5, 2, 3], np.int32)
    check_with_onnxruntime(operator, inputs, direction=direction)


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
def test_layout(operator: str) -> None:
    check(operator, operands(operator, layout=1), outputs(operator), hidden_size=HIDDEN, layout=1)


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
def test_clip(operator: str) -> None:
    check_with_onnxruntime(operator, operands(operator), clip=0.3)


def test_peepholes_and_coupled_gates() -> None:
    inputs = [*operands("LSTM"), normal(1, 3 * HIDDEN)]
    check_with_onnxruntime("LSTM", inputs)
    check_with_onnxruntime("LSTM", operands("LSTM"), input_forget=1)


@pytest.mark.parametrize(
    "activations", [["HardSigmoid", "Relu"], ["Sigmoid", "Softsign"], ["Affine", "ScaledTanh"]]
)
def test_activations(activations: list[str]) -> None:
    alphas = {"activation_alpha": [0.3, 0.8], "activation_beta": [0.4, 0.9]}
    numbers = {} if "Softsign" in activations else alphas
    check_with_onnxruntime("GRU", operands("GRU"), activations=activations, **numbers)


def test_activations_of_an_rnn() -> None:
    check_with_onnxruntime("RNN", operands("RNN"), activations=["Relu"])
    check_with_onnxruntime(
        "RNN", operands("RNN", 2), activations=["Relu", "Tanh"], direction="bidirectional"
    )


@pytest.mark.parametrize("operator", ["rnn_tanh", "gru", "lstm"])
def test_known_weights_become_a_call_of_torch(operator: str) -> None:
    name = operator.removesuffix("_tanh").upper()
    attributes: dict[str, Any] = {"linear_before_reset": 1} if name == "GRU" else {}
    inputs = [np.ascontiguousarray(x) for x in operands(name)[:4]]
    text = "\n".join(
        lines(model_of(name, inputs, outputs(name), baked=True, hidden_size=HIDDEN, **attributes))
    )
    assert f"torch.{operator}(x0, " in text
    assert "operators." not in text
