"""Gelu in all its forms, and the activations that are fused into other operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import coefficient
from ramiel.operators.registry import Values, callee, meaning

callee("gelu_gated", "input, gate", "{input} * F.gelu({gate})")

PLAIN = {
    "Relu": "torch.relu",
    "Sigmoid": "torch.sigmoid",
    "Tanh": "torch.tanh",
    "Softsign": "torch.nn.functional.softsign",
    "Softplus": "torch.nn.functional.softplus",
}
PARAMETRIC = {
    "LeakyRelu": ("torch.nn.functional.leaky_relu", {"negative_slope": 0.01}),
    "Elu": ("torch.nn.functional.elu", {"alpha": 1.0}),
    "Selu": ("selu", {"alpha": 1.6732632, "gamma": 1.050701}),
    "HardSigmoid": ("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    "ThresholdedRelu": ("thresholded_relu", {"alpha": 1.0}),
}


def activate(
    emit: Emitter, x: SSAValue, activation: str, parameters: Sequence[float] = ()
) -> SSAValue:
    """An activation by its ONNX name, with its attributes in alphabetical order.

    Raises Unsupported if there is none of that name.
    """
    if not activation:
        return x
    if activation in PLAIN:
        return emit(PLAIN[activation], x)
    if activation == "Clip" and len(parameters) == 2:
        return emit("Tensor.clamp", x, min=parameters[0], max=parameters[1])
    if activation not in PARAMETRIC:
        emit.refuse(f"has the unknown activation {activation!r}")
    key, defaults = PARAMETRIC[activation]
    given = dict(zip(defaults, parameters, strict=False))
    arguments: dict[str, Any] = {**defaults, **given}
    return emit(key, x, **arguments)


@meaning("Gelu", domain=MICROSOFT)
def gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """x·Φ(x)."""
    return emit("torch.nn.functional.gelu", op.input(0))


@meaning("BiasGelu", domain=MICROSOFT)
def bias_gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """gelu(a + b)."""
    total = emit("operator.add", op.input(0), op.input(1))
    return emit("torch.nn.functional.gelu", total)


@meaning("FastGelu", domain=MICROSOFT)
def fast_gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """gelu(x + bias), approximated with tanh."""
    x, bias = op.input(0), op.optional_input(1)
    x = x if bias is None else emit("operator.add", x, bias)
    return emit("torch.nn.functional.gelu", x, approximate="tanh")


@meaning("QuickGelu", domain=MICROSOFT)
def quick_gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """x·σ(α·x)."""
    alpha = coefficient(op, emit, "alpha", 1.702)
    if alpha == 1.0:
        return emit("torch.nn.functional.silu", op.input(0))
    return emit("swish", op.input(0), alpha=alpha)


@meaning("BiasAdd", domain=MICROSOFT)
def bias_add(op: OnnxOperation, emit: Emitter) -> Values:
    """x + bias + skip."""
    return emit("operator.add", emit("operator.add", op.input(0), op.input(1)), op.input(2))


@meaning("BiasSplitGelu", domain=MICROSOFT)
def bias_split_gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """The first half of the last axis of x + bias, times gelu of the second."""
    total = emit("operator.add", op.input(0), op.input(1))
    halves = emit.many("Tensor.chunk", total, count=2, chunks=2, dim=-1)
    return emit("gelu_gated", *halves)
