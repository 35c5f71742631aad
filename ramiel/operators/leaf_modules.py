"""Calls that PyTorch has a module for: `F.linear(x, w, b)` is `nn.Linear(…)(x)`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, NamedTuple

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, SSAValue

from ramiel import element_types
from ramiel.dialects.syntax import to_literal
from ramiel.dialects.torch import CallOp, SizeAttr
from ramiel.operators.rendering import format_literal
from ramiel.tensors import dims_of, element_of, static_shape

FUNCTIONAL = "torch.nn.functional."


@dataclass(frozen=True)
class Argument:
    """What a constructor is given; None as default: by position, as it has to be given."""

    name: str
    value: Any
    default: Any = None


class Constructor(NamedTuple):
    """What makes a module or parameter."""

    name: str
    arguments: Sequence[Argument]
    closing: str = ")"


@dataclass(frozen=True)
class Instance:
    """What a function's open places are for one of the modules that it stands for."""

    shapes: Mapping[SSAValue, tuple[int, ...]]
    """The shape of each weight."""
    numbers: Mapping[SSAValue, int]
    """The value of each setting."""


@dataclass(frozen=True)
class LeafModule:
    """A module of torch.nn that computes what a call does."""

    constructor: Callable[[Instance | None], Constructor]
    """What makes it in one instance; in a graph there is but one."""
    weights: Mapping[str, SSAValue]
    """What the call has for each entry of the module's state_dict."""
    data: SSAValue
    """What the module is called with."""


@dataclass(frozen=True)
class _Kind:
    weights: Sequence[str]
    constructor: Callable[[CallOp, Sequence[int], Callable[[str], Any]], Constructor]
    """From the call, the shape of `weight`, and what gives the call's literals."""
    data: str = "input"


def text_of(constructor: Constructor, names: Mapping[str, str] | None = None) -> str:
    """`nn.Name(1, 2, keyword=3)`: defaults are left out; `names` stand for arguments."""
    texts: list[str] = []
    for argument in sorted(
        constructor.arguments, key=lambda argument: argument.default is not None
    ):
        given = (names or {}).get(argument.name)
        if given is None and argument.value == argument.default:
            continue
        text = given or format_literal(argument.value)
        texts.append(text if argument.default is None else f"{argument.name}={text}")
    return f"{constructor.name}({', '.join(texts)}{constructor.closing}"


def _short(value: Any) -> Any:
    """[3, 3] as 3, where PyTorch means the same."""
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
    return items[0] if len(set(items)) == 1 else tuple(items)


def _bias(op: CallOp) -> Argument:
    return Argument("bias", "bias" in op.bind(), True)


def _convolution(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    groups = literal("groups")
    defaults = {"stride": 1, "padding": 0, "dilation": 1}
    arguments = [
        Argument("in_channels", shape[1] * groups),
        Argument("out_channels", shape[0]),
        Argument("kernel_size", _short(list(shape[2:]))),
        *(Argument(name, _short(literal(name)), default) for name, default in defaults.items()),
        Argument("groups", groups, 1),
        _bias(op),
    ]
    return Constructor(f"nn.Conv{len(shape) - 2}d", arguments)


def _linear(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    arguments = [Argument("in_features", shape[1]), Argument("out_features", shape[0]), _bias(op)]
    return Constructor("nn.Linear", arguments)


def _embedding(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    names = ("num_embeddings", "embedding_dim")
    arguments = [Argument(*pair) for pair in zip(names, shape, strict=True)]
    return Constructor("nn.Embedding", arguments)


def _layer_norm(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    size = Argument("size", _short_shape(shape))
    arguments = [size, Argument("eps", literal("eps"), 1e-5), _bias(op)]
    return Constructor("nn.LayerNorm", arguments)


def _rms_norm(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    arguments = [Argument("size", _short_shape(shape))]
    if literal("eps") is not None:
        arguments.append(Argument("eps", literal("eps"), ""))
    return Constructor("nn.RMSNorm", arguments)


def _group_norm(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    given = [Argument("num_groups", literal("num_groups")), Argument("channels", shape[0])]
    return Constructor("nn.GroupNorm", [*given, Argument("eps", literal("eps"), 1e-5)])


def _batch_norm(op: CallOp, shape: Sequence[int], literal: Callable[[str], Any]) -> Constructor:
    name = f"nn.BatchNorm{max(static_rank(op.operands[0]) - 2, 1)}d"
    arguments = [Argument("features", shape[0]), Argument("eps", literal("eps"), 1e-5)]
    return Constructor(name, arguments)


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


def leaf_module(
    op: CallOp, shapes: Container[SSAValue] = (), numbers: Container[SSAValue] = ()
) -> LeafModule | None:
    """The module that a call is, None if PyTorch has none for it or its weights are no tensors of
    known shape.  Instances know `shapes` of weights, and `numbers` of settings."""
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
    rank = static_rank(weights["weight"]) if "weight" in weights else -1
    if rank < 1 or rank != _RANKS.get(op.key.data, rank):
        return None
    if op.key.data in _NEEDS_BIAS and "bias" not in weights:
        return None
    data = bound[kind.data]
    operands = {value for value in bound.values() if not isinstance(value, Attribute)}
    if operands != {data, *weights.values()} or data in weights.values():
        return None
    if op.key.data.endswith("batch_norm") and not _is_inference(op):
        return None
    if any(size not in numbers for size in op.sizes):
        return None
    open_ = [w for w in weights.values() if w not in shapes and static_shape(w.type) is None]
    if open_ or isinstance(bound.get("padding"), StringAttr):
        return None

    def constructor(instance: Instance | None) -> Constructor:
        values = [instance.numbers[size] for size in op.sizes] if instance else []
        weight = weights["weight"]
        shape = static_shape(weight.type)
        if instance is not None:
            shape = instance.shapes.get(weight, shape)
        assert shape is not None
        return kind.constructor(op, shape, lambda name: _literal(op, name, values))

    return LeafModule(constructor, weights, data)


_PLAIN = {
    "torch.relu": "ReLU",
    "torch.sigmoid": "Sigmoid",
    "torch.tanh": "Tanh",
    **{
        f"{FUNCTIONAL}{function}": module
        for function, module in {
            "gelu": "GELU",
            "silu": "SiLU",
            "hardswish": "Hardswish",
            "leaky_relu": "LeakyReLU",
            "elu": "ELU",
            "max_pool1d": "MaxPool1d",
            "max_pool2d": "MaxPool2d",
            "avg_pool1d": "AvgPool1d",
            "avg_pool2d": "AvgPool2d",
            "adaptive_avg_pool1d": "AdaptiveAvgPool1d",
            "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
        }.items()
    },
}
"""Functions whose module has no parameters, and is constructed with the same arguments."""


def plain_module(op: CallOp) -> Constructor | None:
    """What makes the module without parameters that a call of one tensor is; None if none does."""
    name = _PLAIN.get(op.key.data)
    if name is None or len(op.operands) != 1 or len(op.results) != 1:
        return None
    arguments = [
        Argument(parameter, _short(op.literal(parameter)), _default(signature.default))
        for parameter, signature in list(op.callee.parameters.items())[1:]
        if parameter in op.literals.data
    ]
    return Constructor(f"nn.{name}", arguments)


def _default(value: Any) -> Any:
    """None for what has to be given; what is given is said by name where there is a default."""
    if value is Parameter.empty:
        return None
    return "" if value is None else _short(value)


def _literal(op: CallOp, name: str, sizes: Sequence[int]) -> Any:
    """A literal of a call, with numbers at the places of settings."""

    def value(attribute: Attribute) -> Any:
        match attribute:
            case SizeAttr(position=position):
                return sizes[position.data]
            case ArrayAttr(data=data):
                return [value(item) for item in data]
            case _:
                return to_literal(attribute)

    given = op.literals.data.get(name)
    return op.literal(name) if given is None else value(given)


def _is_inference(op: CallOp) -> bool:
    return op.literal("training") is False and 2 <= static_rank(op.operands[0]) <= 5


def _is_float(value: SSAValue) -> bool:
    element = element_of(value.type)
    return element is not None and element_types.of_mlir(element).torch.startswith(
        ("float", "bfloat")
    )
