"""`fuse-pad`: a Pad goes into the convolution or pooling that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of
from ramiel.transforms.matching import number, producer
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites


@dataclass(frozen=True)
class FusePad(ModulePass):
    """Conv(Pad(x)) -> Conv(x) with pads; pooling in the same way."""

    name = "fuse-pad"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [pad_of_convolution, pad_of_pooling], remove_dead=True)


@rewrites("onnx.Conv")
def pad_of_convolution(match: Match) -> None:
    """Conv(Pad(x, p, 0)) {pads = q} = Conv(x) {pads = p + q}"""
    pad = producer(match.op.input(0), "Pad", alone=False)
    added = _spatial_pads(match, pad, 0.0) if pad is not None else None
    own = match.op.integers("pads")
    if pad is None or added is None or match.op.text("auto_pad", "NOTSET") != "NOTSET":
        return
    pads = [one + other for one, other in zip(added, own or [0] * len(added), strict=True)]
    match.become("Conv", [pad.input(0), *match.op.inputs[1:]], pads=pads)


@rewrites("onnx.AveragePool", "onnx.MaxPool")
def pad_of_pooling(match: Match) -> None:
    """AveragePool(Pad(x, p, 0)) = AveragePool(x) {pads = p, count_include_pad = 1}

    MaxPool(Pad(x, p, -∞)) = MaxPool(x) {pads = p}, both where the pooling itself pads nothing.
    """
    op = match.op
    average = op.operator == "AveragePool"
    pad = producer(op.input(0), "Pad", alone=False)
    pads = _spatial_pads(match, pad, 0.0 if average else -inf) if pad is not None else None
    kernel = op.integers("kernel_shape")
    if pad is None or pads is None or kernel is None or any(op.integers("pads") or ()):
        return
    if op.text("auto_pad", "NOTSET") != "NOTSET" or op.integer("ceil_mode") or len(op.results) > 1:
        return
    # PyTorch's pooling pads by half the kernel at most.
    if any(2 * end > size for end, size in zip(pads, [*kernel, *kernel], strict=True)):
        return
    counting = 1 if average else None
    match.become(op.operator, [pad.input(0)], pads=pads, count_include_pad=counting)


def _spatial_pads(match: Match, pad: OnnxOperation, value: float) -> list[int] | None:
    """How far a Pad with this value widens the dimensions after N and C; None if it is another."""
    dims = dims_of(pad.input(0).type)
    pads = match.integers(pad.input(1))
    if dims is None or pads is None or len(pads) != 2 * len(dims) or min(pads) < 0:
        return None
    if pad.text("mode") != "constant" or pad.optional_input(3) is not None:
        return None
    given = pad.optional_input(2)
    if (0.0 if given is None else number(match, given)) != value:
        return None
    before, after = pads[: len(dims)], pads[len(dims) :]
    return None if any(before[:2] + after[:2]) else before[2:] + after[2:]
