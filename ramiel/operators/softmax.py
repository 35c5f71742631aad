"""Softmax and its relatives: along one axis, before opset 13 along all from an axis on."""

from __future__ import annotations

import numpy as np

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

KEYS = {
    "Softmax": "torch.nn.functional.softmax",
    "LogSoftmax": "torch.nn.functional.log_softmax",
    "Hardmax": "hardmax",
}
HARDMAX = "torch.zeros_like({input}).scatter({dim}, {input}.argmax({dim}, keepdim=True), 1)"

callee("torch.nn.functional.softmax", "input, dim")
callee("torch.nn.functional.log_softmax", "input, dim")
callee("operators.softmax_in_steps", "x, dim", helper="attention.softmax_in_steps")
callee("hardmax", "input, dim", HARDMAX)
callee("flatten_last", "input, start, /", "{input}.flatten({start})")
callee("Tensor.reshape_as", "input, other")


def _key(op: OnnxOperation, emit: Emitter) -> str:
    """The callee: ONNX rounds each step of a float16 softmax, torch the result only."""
    is_half = emit.dtype(op.input(0)) == np.float16
    if op.operator == "Softmax" and is_half:
        return "operators.softmax_in_steps"
    return KEYS[op.operator]


@meaning(*KEYS, since=13)
def along_axis(op: OnnxOperation, emit: Emitter) -> Values:
    """exp(x) / Σ exp(x) along one axis; its logarithm; 1 at the first maximum, else 0."""
    return emit(_key(op, emit), op.input(0), dim=op.integer("axis", -1))


@meaning(*KEYS)
def from_axis(op: OnnxOperation, emit: Emitter) -> Values:
    """The same along all axes from one on, taken together."""
    x = op.input(0)
    axis, rank = op.integer("axis", 1), emit.rank(x)
    axis = axis + rank if axis < 0 else axis
    if axis == rank - 1:
        return emit(_key(op, emit), x, dim=axis)
    flat = emit("flatten_last", x, start=axis)
    return emit("Tensor.reshape_as", emit(_key(op, emit), flat, dim=-1), x)
