"""Opset 1 to 6: arithmetic that broadcasts only if it says so, along an axis."""

from __future__ import annotations

from ramiel.tensors import dims_of
from ramiel.transforms.rewriting import Match, rewrites

_ARITHMETIC = ("Add", "Sub", "Mul", "Div")
_LOGIC = ("And", "Or", "Xor", "Equal", "Greater", "Less", "Pow")


@rewrites(
    *(f"onnx.{name}_v{version}" for name in _ARITHMETIC for version in (1, 6)),
    *(f"onnx.{name}_v1" for name in _LOGIC),
)
def broadcast_along_axis(match: Match) -> None:
    """a ∘ b {broadcast = 1, axis = k} = a ∘ Reshape(b, its shape and 1 for each dimension after)

    Without an axis b is aligned with the last dimensions of a, as today.
    """
    op = match.op
    a, b = op.input(0), op.input(1)
    axis = op.attribute("axis")
    if op.integer("broadcast") and isinstance(axis, int):
        dims, other = dims_of(a.type), dims_of(b.type)
        if dims is None or other is None:
            return
        axis = axis + len(dims) if axis < 0 else axis
        after = len(dims) - axis - len(other)
        if after < 0:
            return
        if after:
            b = match.unsqueeze(b, range(len(other), len(other) + after))
    match.become(op.operator, [a, b], without=("axis", "broadcast", "consumed_inputs"))


@rewrites("onnx.Gemm_v1", "onnx.Gemm_v6")
def gemm_broadcast(match: Match) -> None:
    """Gemm(a, b, c) {broadcast} = Gemm(a, b, c): broadcasting is what it does anyway"""
    match.become("Gemm", match.op.inputs, without=("broadcast",))


@rewrites("onnx.PRelu_v1", "onnx.PRelu_v6")
def prelu_by_channel(match: Match) -> None:
    """PRelu(x, slope[C]) = PRelu(x, Unsqueeze(slope, …)): the slope of a channel"""
    x, slope = match.op.input(0), match.op.input(1)
    dims, channels = dims_of(x.type), dims_of(slope.type)
    if dims is None or channels is None or len(channels) > 1:
        return
    if len(dims) > 2 and channels and channels != [1]:
        slope = match.unsqueeze(slope, range(1, len(dims) - 1))
    match.become("PRelu", [x, slope], without=("consumed_inputs",))
