"""Optimizers of ai.onnx.preview.training: plain arithmetic on tensors and their gradients.

Gradient itself is not supported: it needs the graph that it stands in.
"""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

TRAINING = "ai.onnx.preview.training"

callee(
    "operators.adagrad",
    "x, gradient, squares, rate, step, decay=0.0, epsilon=0.0, norm=0.0",
    helper="optimizers.adagrad",
)
callee(
    "operators.adam",
    "x, gradient, mean, squares, rate, step, alpha=0.9, beta=0.999, epsilon=0.0, norm=0.0, "
    "norm_post=0.0",
    helper="optimizers.adam",
)
callee(
    "operators.momentum",
    "x, gradient, velocity, rate, step, alpha, beta, norm, nesterov=False",
    helper="optimizers.momentum",
)


def _steps(
    op: OnnxOperation, emit: Emitter, key: str, states: int, **arguments: Any
) -> list[SSAValue]:
    """One call for each tensor that is optimized; operands and results stand kind by kind."""
    rate, step, *values = [value for value in op.inputs if value is not None]
    count = len(values) // (2 + states)
    rows = [values[index::count] for index in range(count)]
    stepped = [
        emit.many(
            key, *row, rate, step, count=1 + states, types=[row[0].type] * (1 + states), **arguments
        )
        for row in rows
    ]
    return [row[kind] for kind in range(1 + states) for row in stepped]


@meaning("Adagrad", domain=TRAINING)
def adagrad(op: OnnxOperation, emit: Emitter) -> Values:
    """x - rate·g / (√Σg² + ε)."""
    return _steps(
        op,
        emit,
        "operators.adagrad",
        1,
        decay=op.number("decay_factor", 0.0),
        epsilon=op.number("epsilon", 0.0),
        norm=op.number("norm_coefficient", 0.0),
    )


@meaning("Adam", domain=TRAINING)
def adam(op: OnnxOperation, emit: Emitter) -> Values:
    """x - rate·m / (√v + ε), m and v running means of g and g²."""
    return _steps(
        op,
        emit,
        "operators.adam",
        2,
        alpha=op.number("alpha", 0.9),
        beta=op.number("beta", 0.999),
        epsilon=op.number("epsilon", 0.0),
        norm=op.number("norm_coefficient", 0.0),
        norm_post=op.number("norm_coefficient_post", 0.0),
    )


@meaning("Momentum", domain=TRAINING)
def momentum(op: OnnxOperation, emit: Emitter) -> Values:
    """x - rate·v, v a sum of gradients that fades; Nesterov's looks one step ahead."""
    mode = op.text("mode")
    if mode not in ("standard", "nesterov"):
        emit.refuse(f"has no mode {mode!r}")
    return _steps(
        op,
        emit,
        "operators.momentum",
        1,
        alpha=op.number("alpha"),
        beta=op.number("beta"),
        norm=op.number("norm_coefficient"),
        nesterov=mode == "nesterov",
    )
