"""Activations: functions of one tensor, element by element."""

from __future__ import annotations

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

callee("torch.relu", "input")
callee("torch.nn.functional.leaky_relu", "input, negative_slope=0.01")


@meaning("Relu")
def relu(op: OnnxOperation, emit: Emitter) -> Values:
    """max(x, 0)."""
    return emit("torch.relu", op.input(0))


@meaning("LeakyRelu")
def leaky_relu(op: OnnxOperation, emit: Emitter) -> Values:
    """x where x >= 0, else alpha·x."""
    alpha = op.number("alpha", 0.01)
    return emit("torch.nn.functional.leaky_relu", op.input(0), negative_slope=alpha)
