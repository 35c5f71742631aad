"""`channels-last`: pictures enter convolutions with their channels innermost, as oneDNN likes them.

A layout changes no value.  Convolutions, pools, concatenations and element-wise operations keep the
layout of what they read, so it is set where pictures come in from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location
from ramiel.tensors import dims_of

PACKED = "operators.conv2d"
READERS = frozenset({PACKED, "torch.nn.functional.conv2d"})
"""Callees that keep this layout, and run faster on it."""
BREAKERS = frozenset(
    {
        "Tensor.reshape",
        "Tensor.permute",
        "Tensor.transpose",
        "Tensor.unflatten",
        "torch.nn.functional.pixel_shuffle",
    }
)
"""Callees whose results do not have the layout of what they read."""


@dataclass(frozen=True)
class ChannelsLast(ModulePass):
    """operators.conv2d(x, …) -> operators.conv2d(x.contiguous(channels_last), …)."""

    name = "channels-last"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp) and any(_is_packed(call) for call in graph.block.ops):
                _convert_borders(graph)


def _is_packed(op: Operation) -> bool:
    return isinstance(op, CallOp) and op.key.data == PACKED


def _convert_borders(graph: GraphOp) -> None:
    converted: dict[SSAValue, SSAValue] = {}
    for op in list(graph.block.ops):
        if not isinstance(op, CallOp) or op.key.data not in READERS:
            continue
        x = op.operands[0]
        if x not in converted and _comes_from_elsewhere(x):
            converted[x] = _convert(graph.block, op, x)
        if x in converted:
            op.operands = (converted[x], *op.operands[1:])


def _comes_from_elsewhere(x: SSAValue) -> bool:
    """Whether a picture has PyTorch's usual layout: an input, or what a reshape gives."""
    if len(dims_of(x.type) or []) != 4:
        return False
    while isinstance(x.owner, CallOp) and x.owner.key.data == "Tensor.to":
        x = x.owner.operands[0]
    return not isinstance(x.owner, CallOp) or x.owner.key.data in BREAKERS


def _convert(block: Block, before: CallOp, x: SSAValue) -> SSAValue:
    call = CallOp("channels_last", [x], [x.type])
    inherit_location(before, call)
    Rewriter.insert_op(call, InsertPoint.before(before))
    call.results[0].name_hint = x.name_hint
    return call.results[0]
