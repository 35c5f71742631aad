"""`fuse-crop`: rows and columns that a Slice cuts off the front are not computed.

TensorFlow's padding, as exporters of PyTorch networks write it, is a Pad, a convolution or pooling
with padding of its own, and a Slice without the first row and column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of, static_shape
from ramiel.transforms.matching import producer
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites

WINDOWED = ("Conv", "MaxPool", "AveragePool")


@dataclass(frozen=True)
class FuseCrop(ModulePass):
    """Slice(Conv(x), 1, ∞) -> Conv(x) with less padding, or of a part of x."""

    name = "fuse-crop"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [crop_of_window, crop_of_pad], remove_dead=True)


@rewrites("onnx.Slice")
def crop_of_window(match: Match) -> None:
    """Slice(Conv(x) {pads = p, strides = s}, k, ∞) = Conv(Slice(x, k·s - p, ∞)) {pads = 0}

    in each dimension where k·s > p; else Conv(x) {pads = p - k·s}.  So for pooling.  A Slice that
    is left must be one of another convolution, pooling or Pad, which takes it in turn.
    """
    op, rank = match.op, len(dims_of(match.op.results[0].type) or ())
    window = producer(op.input(0), *WINDOWED)
    starts = _starts(match)
    if window is None or starts is None or not _is_plain(window) or len(window.results) > 1:
        return
    spatial = rank - 2
    pads = window.integers("pads") or [0] * (2 * spatial)
    strides = window.integers("strides") or [1] * spatial
    cut = [start * step for start, step in zip(starts[2:], strides, strict=True)]
    left = [max(0, start - pad) for start, pad in zip(cut, pads[:spatial], strict=True)]
    before = [max(0, pad - start) for start, pad in zip(cut, pads[:spatial], strict=True)]
    x = window.input(0)
    if any(left):
        if producer(x, *WINDOWED, "Pad") is None:
            return
        x = _sliced(match, x, [0, 0, *left])
    given: dict[str, Any] = {
        name: window.properties[name]
        for name in window.SCHEMA.attributes
        if name in window.properties
    }
    given.pop("pads", None)
    pads = [*before, *pads[spatial:]]
    match.become(window.operator, [x, *window.inputs[1:]], pads=pads, **given)


@rewrites("onnx.Slice")
def crop_of_pad(match: Match) -> None:
    """Slice(Pad(x, p), k, ∞) = Pad(x, p - k) for k ≤ p, or x if that is 0"""
    pad = producer(match.op.input(0), "Pad")
    starts = _starts(match)
    if pad is None or starts is None or pad.text("mode") != "constant":
        return
    pads = match.integers(pad.input(1))
    if pads is None or pad.optional_input(3) is not None or len(pads) != 2 * len(starts):
        return
    before = [own - start for own, start in zip(pads, starts, strict=False)]
    if min(before) < 0:
        return
    left = [*before, *pads[len(starts) :]]
    if not any(left):
        match.replace_by(pad.input(0))
        return
    widths = match.tensor(np.array(left, np.int64), "pads")
    match.become("Pad", [pad.input(0), widths, *pad.inputs[2:]], mode="constant")


def _starts(match: Match) -> list[int] | None:
    """Where a Slice begins in each dimension, if it goes to the end of each, and not in N or C."""
    op = match.op
    shape, result = static_shape(op.input(0).type), static_shape(op.results[0].type)
    starts, axes = match.integers(op.input(1)), match.integers(op.optional_input(3))
    steps = op.optional_input(4)
    if shape is None or result is None or starts is None or len(shape) < 3:
        return None
    axes = list(range(len(starts))) if op.optional_input(3) is None else axes
    if axes is None or (steps is not None and set(match.integers(steps) or [0]) != {1}):
        return None
    found = [0] * len(shape)
    for axis, start in zip(axes, starts, strict=True):
        found[axis] = start + shape[axis] if start < 0 else start
    whole = [size - start for size, start in zip(shape, found, strict=True)]
    return found if whole == list(result) and not any(found[:2]) and min(found) >= 0 else None


def _is_plain(window: OnnxOperation) -> bool:
    fixed = window.text("auto_pad", "NOTSET") == "NOTSET"
    return fixed and (window.operator == "Conv" or not window.integer("ceil_mode"))


def _sliced(match: Match, x: SSAValue, starts: list[int]) -> SSAValue:
    axes = [axis for axis, start in enumerate(starts) if start]
    ends = np.full(len(axes), np.iinfo(np.int64).max)
    first = match.tensor(np.array([starts[axis] for axis in axes], np.int64), "starts")
    last = match.tensor(ends, "ends")
    return match.onnx("Slice", x, first, last, match.tensor(np.array(axes, np.int64), "axes"))
