"""Calls that PyTorch has a module for: `F.linear(x, w, b)` is `nn.Linear(…)(x)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.ir import Attribute, SSAValue

from ramiel import element_types
from ramiel.dialects.torch import CallOp
from ramiel.operators.rendering import format_literal
from ramiel.tensors import dims_of, element_of, static_shape

FUNCTIONAL = "torch.nn.functional."


@dataclass(frozen=True)
class LeafModule:
    """A module of torch.nn that computes what a call does."""

    constructor: str
    """The expression that makes it, such as `nn.Linear(768, 3072)`."""
    weights: Mapping[str, SSAValue]
    """What the call has for each entry of the module's state_dict."""
    data: SSAValue
    """What the module is called with."""


@dataclass(frozen=True)
class _Kind:
    weights: Sequence[str]
    constructor: Callable[[Any, Sequence[int], CallOp], str]
    """From what `op.bind()` gives, the shape of `weight`, and the call."""
    data: str = "input"


def _text(name: str, *positional: object, **keywords: tuple[object, object]) -> str:
    """`nn.Name(1, 2, keyword=3)`; keywords are (value, default), and defaults are left out."""
    arguments = [format_literal(value) for value in positional]
    arguments += [
        f"{key}={format_literal(value)}"
        for key, (value, default) in keywords.items()
        if value != default
    ]
    return f"nn.{name}({', '.join(arguments)})"


def _short(value: Any) -> Any:
    """[3, 3] as 3, where PyTorch means the same."""
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
    return items[0] if len(set(items)) == 1 else tuple(items)


def _convolution(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    groups = op.literal("groups")
    return _text(
        f"Conv{len(shape) - 2}d",
        shape[1] * groups,
        shape[0],
        _short(list(shape[2:])),
        stride=(_short(op.literal("stride")), 1),
        padding=(_short(op.literal("padding")), 0),
        dilation=(_short(op.literal("dilation")), 1),
        groups=(groups, 1),
        bias=("bias" in bound, True),
    )


def _linear(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    return _text("Linear", shape[1], shape[0], bias=("bias" in bound, True))


def _embedding(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    return _text("Embedding", *shape)


def _layer_norm(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    return _text(
        "LayerNorm",
        _short_shape(shape),
        eps=(op.literal("eps"), 1e-5),
        bias=("bias" in bound, True),
    )


def _rms_norm(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    return _text("RMSNorm", _short_shape(shape), eps=(op.literal("eps"), None))


def _group_norm(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    return _text("GroupNorm", op.literal("num_groups"), shape[0], eps=(op.literal("eps"), 1e-5))


def _batch_norm(bound: Any, shape: Sequence[int], op: CallOp) -> str:
    dimensions = static_rank(op.operands[0]) - 2
    return _text(f"BatchNorm{max(dimensions, 1)}d", shape[0], eps=(op.literal("eps"), 1e-5))


def _short_shape(shape: Sequence[int]) -> Any:
    return shape[0] if len(shape) == 1 else tuple(shape)


def static_rank(value: SSAValue) -> int:
    """The number of dimensions, -1 if it is unknown."""
    dims = dims_of(value.type)
    return -1 if dims is None else len(dims)


_STATISTICS = ("running_mean", "running_var")
_KINDS = {
    **{f"{FUNCTIONAL}conv{rank}d": _Kind(("weight", "bias"), _convolution) for rank in (1, 2, 3)},
    f"{FUNCTIONAL}linear": _Kind(("weight", "bias"), _linear),
    f"{FUNCTIONAL}layer_norm": _Kind(("weight", "bias"), _layer_norm),
    "layer_norm_like_weight": _Kind(("weight", "bias"), _layer_norm),
    f"{FUNCTIONAL}rms_norm": _Kind(("weight",), _rms_norm),
    f"{FUNCTIONAL}group_norm": _Kind(("weight", "bias"), _group_norm),
    f"{FUNCTIONAL}batch_norm": _Kind(("weight", "bias", *_STATISTICS), _batch_norm),
    "index_by_tensor": _Kind(("weight",), _embedding, data="indices"),
}
_NEEDS_BIAS = (f"{FUNCTIONAL}batch_norm", f"{FUNCTIONAL}group_norm")
_RANKS = {"index_by_tensor": 2, f"{FUNCTIONAL}linear": 2}


def leaf_module(op: CallOp) -> LeafModule | None:
    """The module that a call is, None if PyTorch has none for it or its weights are no tensors of
    known shape."""
    kind = _KINDS.get(op.key.data)
    if kind is None:
        return None
    bound = op.bind()
    if op.key.data == "index_by_tensor":
        bound = {"weight": bound["input"], "indices": bound["indices"]}
        if not _is_float(bound["weight"]) or static_rank(bound["indices"]) < 1:
            return None
    weights: dict[str, SSAValue] = {
        name: bound[name] for name in kind.weights if isinstance(bound.get(name), SSAValue)
    }
    shape = static_shape(weights["weight"].type) if "weight" in weights else None
    if shape is None or len(shape) != _RANKS.get(op.key.data, len(shape)):
        return None
    if op.key.data in _NEEDS_BIAS and "bias" not in weights:
        return None
    data = bound[kind.data]
    operands = {value for value in bound.values() if not isinstance(value, Attribute)}
    if operands != {data, *weights.values()} or data in weights.values():
        return None
    if op.key.data.endswith("batch_norm") and not _is_inference(op):
        return None
    if "dilation" in bound and any(isinstance(op.literal(n), str) for n in ("stride", "groups")):
        return None
    return LeafModule(kind.constructor(bound, shape, op), weights, data)


def _is_inference(op: CallOp) -> bool:
    return op.literal("training") is False and 2 <= static_rank(op.operands[0]) <= 5


def _is_float(value: SSAValue) -> bool:
    element = element_of(value.type)
    return element is not None and element_types.of_mlir(element).torch.startswith(
        ("float", "bfloat")
    )
