"""`pack-weights`: convolutions and linear layers by oneDNN, their weights in its own layout.

The layout is made once, when the model is loaded, for the shape of the input and for the number of
threads: so only where the shape is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import BFloat16Type, ModuleOp, f32
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.tensors import element_of, static_shape
from ramiel.transforms.torch_rewriting import (
    TorchMatch,
    apply_torch_patterns,
    calls,
    literals_of,
)

CONVOLUTION = ("stride", "padding", "dilation", "groups")


@dataclass(frozen=True)
class PackWeights(ModulePass):
    """F.conv2d(x, w, b) -> operators.conv2d(x, prepare(w), b); F.linear in the same way."""

    name = "pack-weights"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_torch_patterns(op, [pack_convolution, pack_linear])


@calls("torch.nn.functional.conv2d")
def pack_convolution(match: TorchMatch) -> None:
    """F.conv2d(x, w, b, …) = operators.conv2d(x, pack_conv2d(w, …), b, …)"""
    bound = match.op.bind()
    x, weight = bound["input"], match.weight(bound["weight"])
    shape = static_shape(x.type)
    if weight is None or shape is None or not _has_kernel(match):
        return
    literals = literals_of(match.op, *CONVOLUTION)
    packed = match.prepare("operators.pack_conv2d", weight, input_shape=list(shape), **literals)
    match.become("operators.conv2d", [x, packed, *_bias(bound)], literals)


@calls("torch.nn.functional.linear")
def pack_linear(match: TorchMatch) -> None:
    """F.linear(x, w, b) = operators.linear(x, pack_linear(w), b)"""
    bound = match.op.bind()
    x, weight = bound["input"], match.weight(bound["weight"])
    shape = static_shape(x.type)
    if weight is None or shape is None or not _has_kernel(match):
        return
    packed = match.prepare("operators.pack_linear", weight, rows=prod(shape[:-1]))
    match.become("operators.linear", [x, packed, *_bias(bound)], {})


def _bias(bound: dict[str, Any]) -> list[SSAValue]:
    return [bound["bias"]] if "bias" in bound else []


def _has_kernel(match: TorchMatch) -> bool:
    """Whether all types are float32, or all bfloat16."""
    elements = {element_of(value.type) for value in (*match.op.operands, *match.op.results)}
    return elements in ({f32}, {BFloat16Type()})
