"""Implementations of one call that give the same: what `choose-kernels` chooses from.

For a convolution and a linear layer the layout of the weight chooses the implementation, so that
all of them read alike in the generated code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import Attribute, SSAValue

from ramiel.costs.pricing import arithmetic
from ramiel.dialects.syntax import Literal
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.tensors import static_shape

POINTWISE = "operators.pack_pointwise"
SMALL_FLOPS = 400_000
"""Below this oneDNN's fixed cost, about 20 µs a call, is more than its kernel gains."""
SMALL_POINTWISE_FLOPS = 1_300_000
"""The same for filters of 1x1, which PyTorch computes as a product of matrices."""
MOST_PLAIN_FLOPS = 20_000_000
"""Above this PyTorch's own kernel is not tried."""
FEW_TAPS = 400_000
"""Below this a pooling is done before several maxima have begun."""


@dataclass(frozen=True)
class Candidate:
    """A call, and what makes the layout of the weight that it reads."""

    call: CallOp
    prepare: PrepareOp | None = None

    @property
    def name(self) -> str:
        """What tells it from the others: the layout, else the callee."""
        return (self.call if self.prepare is None else self.prepare).key.data

    def forget(self) -> None:
        """Take it out of the uses of the graph's values."""
        self.call.drop_all_references()
        if self.prepare is not None:
            self.prepare.drop_all_references()


def candidates_of(op: CallOp, channels_last: bool) -> list[Candidate]:
    """The implementations of a call, that which is usually the fastest first; none if unknown."""
    make = _MAKERS.get(op.key.data)
    of_pictures = op.key.data != "operators.linear"
    return [] if make is None or (of_pictures and not channels_last) else make(op)


def _convolution(op: CallOp) -> list[Candidate]:
    """conv2d(x, pack_conv2d(w)) = conv2d(x, pack_pointwise(w)) = conv2d(x, w)

    The second for filters of 1x1 that move by 1.
    """
    x, weight = op.operands[0], op.operands[1].owner
    shape = static_shape(x.type)
    if not isinstance(weight, PrepareOp) or shape is None:
        return []
    packed = _with_weight(op, weight.key.data, weight.weight.result, weight.literals.data)
    plain = _with_weight(op, None, weight.weight.result, {})
    groups = op.literal("groups")
    # PyTorch hands grouped convolutions to oneDNN too, with weights as they are.
    small = arithmetic(op) < (SMALL_POINTWISE_FLOPS if _is_pointwise(op) else SMALL_FLOPS)
    found = [packed]
    if _is_pointwise(op):
        rows = prod((shape[0], *shape[2:]))
        literals = {"rows": rows}
        found.insert(
            0, _with_weight(op, "operators.pack_pointwise", weight.weight.result, literals)
        )
    return _with_plain(found, plain, small and groups == 1)


def _linear(op: CallOp) -> list[Candidate]:
    """linear(x, pack_linear(w)) = linear(x, w)"""
    weight = op.operands[1].owner
    if not isinstance(weight, PrepareOp):
        return []
    packed = _with_weight(op, weight.key.data, weight.weight.result, weight.literals.data)
    plain = _with_weight(op, None, weight.weight.result, {})
    return _with_plain([packed], plain, arithmetic(op) < SMALL_FLOPS)


def _max_pool(op: CallOp) -> list[Candidate]:
    """F.max_pool2d(x) = max over columns(max over rows(x))"""
    if static_shape(op.operands[0].type) is None or len(op.operands) != 1:
        return []
    kernel = op.literal("kernel_size")
    smallest = kernel if isinstance(kernel, int) else min(kernel)
    found = [
        Candidate(CallOp(key, op.operands, [op.results[0].type], op.literals.data))
        for key in ("operators.max_pool2d", "torch.nn.functional.max_pool2d")
    ]
    worthwhile = smallest > 2 and arithmetic(op) >= FEW_TAPS
    return found if worthwhile else found[::-1]


_MAKERS: Mapping[str, Callable[[CallOp], list[Candidate]]] = {
    "operators.conv2d": _convolution,
    "operators.linear": _linear,
    "torch.nn.functional.max_pool2d": _max_pool,
}


def _is_pointwise(op: CallOp) -> bool:
    shape = static_shape(op.operands[1].type)
    plain = {"stride": 1, "padding": 0, "groups": 1}
    return (
        shape is not None
        and shape[2:] == (1, 1)
        and all(_both(op.literal(name)) in (value, None) for name, value in plain.items())
    )


def _both(value: int | Sequence[int]) -> int | None:
    """The number that is meant in both dimensions; -1 if there are two."""
    numbers = {value} if isinstance(value, int) else set(value)
    return numbers.pop() if len(numbers) == 1 else -1


def _with_plain(packed: list[Candidate], plain: Candidate, first: bool) -> list[Candidate]:
    return [plain, *packed] if first else [*packed, plain]


def _with_weight(
    op: CallOp, layout: str | None, weight: SSAValue, literals: Mapping[str, Literal | Attribute]
) -> Candidate:
    """The call with its weight in that layout."""
    prepare = None
    if layout is not None:
        prepare = PrepareOp(layout, [weight], [weight.type], literals)
        weight = prepare.results[0]
    x, _, *others = op.positional
    types = [result.type for result in op.results]
    call = CallOp(op.key.data, [x, weight, *others], types, op.literals.data, op.by_keyword)
    return Candidate(call, prepare)
