"""Activations: functions of one tensor, element by element, with parameters."""

from __future__ import annotations

from math import isfinite, prod
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import coefficient
from ramiel.operators.registry import Values, callee, meaning

callee("torch.relu", "input")
callee("torch.sigmoid", "input")
callee("torch.nn.functional.leaky_relu", "input, negative_slope=0.01")
callee("torch.nn.functional.elu", "input, alpha=1.0")
callee("torch.nn.functional.celu", "input, alpha=1.0")
callee("torch.nn.functional.selu", "input")
callee("torch.nn.functional.gelu", "input, approximate='none'")
callee("torch.nn.functional.mish", "input")
callee("torch.nn.functional.silu", "input")
callee("torch.nn.functional.hardsigmoid", "input")
callee("torch.nn.functional.hardswish", "input")
callee("torch.nn.functional.softplus", "input, threshold=20")
callee("torch.nn.functional.softsign", "input")
callee("torch.nn.functional.prelu", "input, weight", "F.prelu({input}, {weight}.flatten())")
callee("prelu", "input, weight", "torch.where({input} < 0, {input} * {weight}, {input})")
callee("thresholded_relu", "input, alpha", "torch.where({input} > {alpha}, {input}, 0.0)")
callee("selu", "input, alpha, gamma", "{gamma} * F.elu({input}, alpha={alpha})")
callee(
    "selu_where",
    "input, alpha, gamma",
    "{gamma} * torch.where({input} > 0, {input}, {alpha} * torch.expm1({input}))",
)
callee(
    "celu_sum",
    "input, alpha",
    "{input}.clamp(min=0) + ({alpha} * torch.expm1({input} / {alpha})).clamp(max=0)",
)
callee("hard_sigmoid", "input, alpha, beta", "({alpha} * {input} + {beta}).clamp(0, 1)")
callee("swish", "input, alpha", "{input} * torch.sigmoid({alpha} * {input})")
callee("operators.shrink", "x, lambd, bias", helper="activation.shrink")

SIMPLE = {
    "Relu": "torch.relu",
    "Sigmoid": "torch.sigmoid",
    "Mish": "torch.nn.functional.mish",
    "HardSwish": "torch.nn.functional.hardswish",
    "Softsign": "torch.nn.functional.softsign",
}


@meaning(*SIMPLE)
def simple(op: OnnxOperation, emit: Emitter) -> Values:
    """f(x)."""
    return emit(SIMPLE[op.operator], op.input(0))


@meaning("LeakyRelu")
def leaky_relu(op: OnnxOperation, emit: Emitter) -> Values:
    """x where x ≥ 0, else α·x; torch's own multiplies 0 by a slope that is infinite."""
    alpha = coefficient(op, emit, "alpha", 0.01)
    if not isfinite(alpha):
        return emit("prelu", op.input(0), weight=alpha)
    return emit("torch.nn.functional.leaky_relu", op.input(0), negative_slope=alpha)


@meaning("PRelu")
def prelu(op: OnnxOperation, emit: Emitter) -> Values:
    """x where x ≥ 0, else slope·x; the slope broadcasts to x, before opset 7 along channels."""
    x, slope = op.input(0), op.input(1)
    if emit.dtype(x).kind == "u":
        return x
    if emit.dtype(x).kind != "i" and _is_per_channel(emit, x, slope, op.version):
        return emit("torch.nn.functional.prelu", x, slope)
    if op.version < 7:
        emit.refuse("needs a slope with one element, or one for each channel")
    return emit("prelu", x, slope)


def _is_per_channel(emit: Emitter, x: SSAValue, slope: SSAValue, version: int) -> bool:
    """Whether the slope has one element, or lies along dimension 1 of x."""
    shape, dims = emit.shape(slope), tensors.dims_of(x.type)
    if shape is None or dims is None:
        return False
    if prod(shape) == 1:
        return len(shape) <= len(dims)
    if version < 7:
        return len(shape) == 1 and len(dims) > 1
    channels = (dims[1], *[1] * (len(dims) - 2)) if len(dims) > 1 else None
    return shape == channels or shape == (1, *(channels or ()))


@meaning("Elu")
def elu(op: OnnxOperation, emit: Emitter) -> Values:
    """x where x ≥ 0, else α·(eˣ - 1)."""
    alpha = coefficient(op, emit, "alpha", 1.0)
    return emit("torch.nn.functional.elu", op.input(0), alpha=alpha)


@meaning("Celu")
def celu(op: OnnxOperation, emit: Emitter) -> Values:
    """max(0, x) + min(0, α·(exp(x/α) - 1)); torch's own refuses 0, and leaves x > 0 as it is."""
    alpha = coefficient(op, emit, "alpha", 1.0)
    if alpha == 0 or not isfinite(alpha):
        return emit("celu_sum", op.input(0), alpha=alpha)
    return emit("torch.nn.functional.celu", op.input(0), alpha=alpha)


@meaning("Selu")
def selu(op: OnnxOperation, emit: Emitter) -> Values:
    """γ·x where x > 0, else γ·α·(eˣ - 1), which is NaN at 0 if α is infinite."""
    standard = {"alpha": 1.6732632, "gamma": 1.050701}
    given: dict[str, Any] = {
        name: coefficient(op, emit, name, number) for name, number in standard.items()
    }
    if all(np.float32(given[name]) == np.float32(standard[name]) for name in standard):
        return emit("torch.nn.functional.selu", op.input(0))
    return emit("selu" if isfinite(given["alpha"]) else "selu_where", op.input(0), **given)


@meaning("Gelu")
def gelu(op: OnnxOperation, emit: Emitter) -> Values:
    """x·Φ(x), or its approximation with tanh."""
    approximate = op.text("approximate", "none")
    return emit("torch.nn.functional.gelu", op.input(0), approximate=approximate)


@meaning("HardSigmoid")
def hard_sigmoid(op: OnnxOperation, emit: Emitter) -> Values:
    """α·x + β, clamped to [0, 1]; torch's own has α = 1/6 and β = 1/2."""
    alpha, beta = coefficient(op, emit, "alpha", 0.2), coefficient(op, emit, "beta", 0.5)
    if np.float32(alpha) == np.float32(1 / 6) and beta == 0.5:
        return emit("torch.nn.functional.hardsigmoid", op.input(0))
    return emit("hard_sigmoid", op.input(0), alpha=alpha, beta=beta)


@meaning("Softplus")
def softplus(op: OnnxOperation, emit: Emitter) -> Values:
    """ln(eˣ + 1).

    torch returns x from 20 on, which is exact in float32 but not in float64.
    """
    double = emit.dtype(op.input(0)) == np.float64
    return emit("torch.nn.functional.softplus", op.input(0), threshold=40 if double else 20)


@meaning("ThresholdedRelu")
def thresholded_relu(op: OnnxOperation, emit: Emitter) -> Values:
    """x where x > α, else 0: also for NaN, which torch's threshold hands through."""
    alpha = coefficient(op, emit, "alpha", 1.0)
    return emit("thresholded_relu", op.input(0), alpha=alpha)


@meaning("Shrink")
def shrinking(op: OnnxOperation, emit: Emitter) -> Values:
    """x + bias where x < -λ, x - bias where x > λ, else 0."""
    lambd, bias = coefficient(op, emit, "lambd", 0.5), coefficient(op, emit, "bias", 0.0)
    return emit("operators.shrink", op.input(0), lambd=lambd, bias=bias)


def _swish(op: OnnxOperation, emit: Emitter) -> SSAValue:
    alpha = coefficient(op, emit, "alpha", 1.0)
    if alpha == 1.0:
        return emit("torch.nn.functional.silu", op.input(0))
    return emit("swish", op.input(0), alpha=alpha)


@meaning("Swish")
def swish(op: OnnxOperation, emit: Emitter) -> Values:
    """x·σ(α·x)."""
    return _swish(op, emit)


@meaning("SwiGLU")
def swiglu(op: OnnxOperation, emit: Emitter) -> Values:
    """Swish(a)·b."""
    return emit("operator.mul", _swish(op, emit), op.input(1))
