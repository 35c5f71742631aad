"""Implementations of one call that give the same: what `choose-kernels` chooses from.

For a convolution and a linear layer the layout of the weight chooses the implementation, so that
all of them read alike in the generated code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeGuard

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ramiel.dialects.syntax import Literal, to_attribute
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.tensors import byte_size, element_of, static_shape
from ramiel.transforms.torch_rewriting import literals_of

MOST_PLAIN_FLOPS = 20_000_000
"""Above this PyTorch's own kernel is not tried, nor its operators on the kernel that is first."""
PACKED = "operators.pack_conv2d", "operators.pack_linear"
"""Layouts for PyTorch's operators on oneDNN's kernels."""

KERNEL_BYTES = 1 << 17
"""What the machine code of a convolution by minimal filtering takes."""


@dataclass(frozen=True)
class Candidate:
    """A call, and what makes the layout of the weight that it reads."""

    call: CallOp
    prepare: PrepareOp | None = None

    @property
    def name(self) -> str:
        """What tells it from the others: the layout, else the callee."""
        return (self.call if self.prepare is None else self.prepare).key.data

    @property
    def extra_bytes(self) -> int:
        """About what it takes more than the others."""
        from ramiel.runtime.primitive_winograd import products_of

        if self.prepare is None or self.name != "operators.conv2d_winograd":
            return 0
        weight = self.prepare.operands[0].type
        taps = (static_shape(weight) or ())[2:]
        filters = byte_size(weight) * products_of(taps) // prod(taps)
        return filters - byte_size(weight) + KERNEL_BYTES

    def forget(self) -> None:
        """Take it out of the uses of the graph's values."""
        self.call.drop_all_references()
        if self.prepare is not None:
            self.prepare.drop_all_references()


def candidates_of(op: CallOp, channels_last: bool) -> list[Candidate]:
    """The implementations of a call, that which is usually the fastest first; none if unknown."""
    make = _MAKERS.get(op.key.data)
    of_pictures = op.key.data.endswith("2d")
    return [] if make is None or (of_pictures and not channels_last) else make(op)


def _convolution(op: CallOp) -> list[Candidate]:
    """conv2d(x, conv2d_primitive(w)) = conv2d(x, p(w)) = conv2d(x, w) for p = pack_conv2d

    Filters that move by 1: p = conv2d_product for those of 1x1, conv2d_winograd for larger ones.
    A filter for each channel: p = conv2d_depthwise.
    """
    from ramiel.runtime.assembler import VECTOR

    x, weight = op.operands[0], op.operands[1].owner
    shape = static_shape(x.type)
    if not _is_open(weight, "operators.pack_conv2d") or shape is None:
        return []
    original, literals = weight.weight.result, weight.literals.data
    direct = _with_weight(op, "operators.conv2d_primitive", original, literals)
    packed = _with_weight(op, weight.key.data, original, literals)
    plain = _with_weight(op, None, original, {})
    found = [direct, packed, plain]
    if _is_pointwise(op):
        kept = literals_of(weight, "input_shape")
        found.insert(0, _with_weight(op, "operators.conv2d_product", original, kept))
    elif _is_depthwise(op):
        kept = literals_of(weight, "input_shape", "stride", "padding", "groups")
        own = _with_weight(op, "operators.conv2d_depthwise", original, kept)
        found.insert(1 if shape[1] % VECTOR else 0, own)  # else half of what it reads crosses lines
    elif _has_minimal_filtering(op):
        kept = literals_of(weight, "input_shape", "padding")
        found.insert(1, _with_weight(op, "operators.conv2d_winograd", original, kept))
    return found


def _linear(op: CallOp) -> list[Candidate]:
    """linear(x, p(w)) = linear(x, w) for p = linear_product, linear_primitive, pack_linear"""
    from ramiel.runtime.primitive_product import FEWEST_ROWS

    weight = op.operands[1].owner
    if not _is_open(weight, "operators.pack_linear"):
        return []
    original, literals = weight.weight.result, weight.literals.data
    keys = ["operators.linear_product", "operators.linear_primitive", weight.key.data]
    if prod((static_shape(op.results[0].type) or ())[:-1]) < FEWEST_ROWS:
        del keys[0]
    packed = [_with_weight(op, key, original, literals) for key in keys]
    return [*packed, _with_weight(op, None, original, {})]


def _is_open(weight: Operation | Block, key: str) -> TypeGuard[PrepareOp]:
    """Whether the weight is laid out as `pack-weights` leaves it: nothing was chosen yet."""
    return isinstance(weight, PrepareOp) and weight.key.data == key


def _max_pool(op: CallOp) -> list[Candidate]:
    """F.max_pool2d(x) = onednn_max_pool2d(x) = max over columns(max over rows(x))"""
    if static_shape(op.operands[0].type) is None or len(op.operands) != 1:
        return []
    keys = ["operators.onednn_max_pool2d", "operators.max_pool2d", op.key.data]
    if element_of(op.operands[0].type) != f32:
        del keys[0]
    return [_with_callee(op, key) for key in keys]


def _avg_pool(op: CallOp) -> list[Candidate]:
    """F.avg_pool2d(x) = onednn_avg_pool2d(x), where each window is divided by its own size"""
    x = op.operands[0].type
    if static_shape(x) is None or element_of(x) != f32:
        return []
    return [_with_callee(op, key) for key in ("operators.onednn_avg_pool2d", op.key.data)]


def _global_average(op: CallOp) -> list[Candidate]:
    """F.adaptive_avg_pool2d(x, 1) = onednn_avg_pool2d(x, (H, W)) for x (N, C, H, W)"""
    shape = static_shape(op.operands[0].type)
    if shape is None or len(shape) != 4 or element_of(op.operands[0].type) != f32:
        return []
    if _both(op.literal("output_size") or 0) != 1:
        return []
    height, width = shape[2:]
    kernel = to_attribute(height if height == width else [height, width])
    direct = _with_callee(op, "operators.onednn_avg_pool2d", {"kernel_size": kernel})
    return [direct, _with_callee(op, op.key.data)]


def _attention(op: CallOp) -> list[Candidate]:
    """F.scaled_dot_product_attention(q, k, v, mask) = onednn_attention(q, k, v, mask)"""
    types = [value.type for value in op.operands]
    ranks = [len(static_shape(type) or ()) for type in types]
    plain = not any(op.literal(name) for name in ("dropout_p", "is_causal", "enable_gqa"))
    if ranks[:3] != [4, 4, 4] or not all(2 <= rank <= 4 for rank in ranks) or not plain:
        return []
    if any(element_of(type) != f32 for type in types):
        return []
    direct = _with_callee(op, "operators.onednn_attention", literals_of(op, "scale"))
    return [direct, _with_callee(op, op.key.data)]


def _with_callee(
    op: CallOp, key: str, literals: Mapping[str, Attribute] | None = None
) -> Candidate:
    """Another callee on the same operands; with the same literals unless others are given."""
    given = op.literals.data if literals is None else literals
    types = [result.type for result in op.results]
    return Candidate(CallOp(key, op.positional, types, given, op.by_keyword, op.sizes))


_MAKERS: Mapping[str, Callable[[CallOp], list[Candidate]]] = {
    "operators.conv2d": _convolution,
    "operators.linear": _linear,
    "torch.nn.functional.max_pool2d": _max_pool,
    "torch.nn.functional.avg_pool2d": _avg_pool,
    "torch.nn.functional.adaptive_avg_pool2d": _global_average,
    "torch.nn.functional.scaled_dot_product_attention": _attention,
}


def _is_pointwise(op: CallOp) -> bool:
    shape = static_shape(op.operands[1].type)
    plain = {"stride": 1, "padding": 0, "groups": 1}
    return (
        shape is not None
        and shape[2:] == (1, 1)
        and all(_both(op.literal(name)) in (value, None) for name, value in plain.items())
    )


def _is_depthwise(op: CallOp) -> bool:
    """Whether there is a filter for each channel, of float32."""
    shape, weight = static_shape(op.operands[0].type), op.operands[1].type
    filters = static_shape(weight)
    return (
        shape is not None
        and filters is not None
        and element_of(weight) == f32
        and shape[1] == filters[0] == op.literal("groups")
        and filters[1] == 1
        and _both(op.literal("dilation")) in (1, None)
    )


def _has_minimal_filtering(op: CallOp) -> bool:
    """Whether a convolution has filters that `conv2d_winograd` may be for."""
    from ramiel.runtime.primitive_winograd import OUTPUTS

    shape = static_shape(op.operands[1].type)
    return (
        shape is not None
        and element_of(op.operands[1].type) == f32
        and prod(shape[2:]) > 1
        and set(shape[2:]) <= OUTPUTS.keys()
        and all(_both(op.literal(name)) in (1, None) for name in ("stride", "dilation", "groups"))
    )


def _both(value: int | Sequence[int]) -> int | None:
    """The number that is meant in both dimensions; -1 if there are two."""
    numbers = {value} if isinstance(value, int) else set(value)
    return numbers.pop() if len(numbers) == 1 else -1


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
