"""What swish.swish means in PyTorch."""

from __future__ import annotations

from math import prod

from torch import Tensor

from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, lowering
from ramiel.tensors import static_shape
from ramiel_swish.dialect import SwishOp


def swish(x: Tensor, beta: float) -> Tensor:
    """x · sigmoid(β·x), in the memory of one intermediate tensor."""
    return (beta * x).sigmoid_().mul_(x)


def swish_flops(op: CallOp) -> int:
    """Two products and a sigmoid, which costs about ten operations, for each element."""
    return 12 * prod(static_shape(op.results[0].type) or ())


callee("swish.swish", "x, beta", helper=swish, flops=swish_flops)


@lowering("swish.swish")
def lower_swish(op: SwishOp, emit: Emitter) -> Values:
    """PyTorch has a kernel for β = 1; our own function covers the rest."""
    beta = op.beta.value.data
    if beta == 1.0:
        return emit("torch.nn.functional.silu", op.value)
    return emit("swish.swish", op.value, beta=beta)
