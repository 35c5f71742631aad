"""`symmetric-pads`: a depthwise convolution pads both sides alike, its filters wider by zeros.

PyTorch's convolutions have one padding for both sides; other padding would be a copy of the input,
which takes longer than the zeros do in a convolution of each channel by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import WeightOp
from ramiel.known_values import known_value
from ramiel.tensors import static_shape
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites

MOST = 1
"""The rows, and columns, of zeros."""


@dataclass(frozen=True)
class SymmetricPads(ModulePass):
    """Conv(x, w) {pads = [0, 1]} -> Conv(x, [0, w]) {pads = [1, 1]}."""

    name = "symmetric-pads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [widen_filters], remove_dead=True)


@rewrites("onnx.Conv")
def widen_filters(match: Match) -> None:
    """Conv(x, w) {pads = [p, p + d]} = Conv(x, [0…, w]) {pads = [p + d, p + d]}, d zeros before w

    and [w, 0…] for [p + d, p]; where each channel is convolved by itself.
    """
    op, pads = match.op, match.op.integers("pads")
    shape, weight = static_shape(op.input(1).type), known_value(op.input(1), match.store)
    if pads is None or shape is None or weight is None or shape[1] != 1:
        return
    dilations = op.integers("dilations") or [1]
    if shape[0] != op.integer("group") or set(dilations) != {1}:
        return
    half = len(pads) // 2
    larger = [max(pair) for pair in zip(pads[:half], pads[half:], strict=True)]
    zeros = [
        (most - first, most - last)
        for most, first, last in zip(larger, pads[:half], pads[half:], strict=True)
    ]
    if not 0 < max(max(pair) for pair in zeros) <= MOST:
        return
    wide = np.pad(weight, [(0, 0), (0, 0), *zeros])
    owner = op.input(1).owner
    name = owner.weight_name.data if isinstance(owner, WeightOp) else "filters"
    filters = match.tensor(wide, f"{name}_wide")
    inputs = [op.input(0), filters, *op.inputs[2:]]
    match.become("Conv", inputs, pads=[*larger, *larger], kernel_shape=list(wide.shape[2:]))
