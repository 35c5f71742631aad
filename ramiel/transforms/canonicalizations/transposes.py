"""A Transpose moves through element-wise operations to one that undoes it."""

from __future__ import annotations

from typing import Any

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of
from ramiel.transforms.matching import number, producer
from ramiel.transforms.rewriting import Match, rewrites

_UNARY = (
    *("Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish"),
    *("LeakyRelu", "Log", "Mish", "Neg", "Reciprocal", "Relu", "Selu", "Sigmoid", "Sign"),
    *("Softplus", "Softsign", "Sqrt", "Tanh"),
)
_BINARY = ("Add", "Sub", "Mul", "Div", "Pow")


@rewrites("onnx.Transpose")
def transposes_around_elementwise(match: Match) -> None:
    """Transpose(f(Transpose(x) {perm = p})) {perm = q} = f(Transpose(x) {perm = p[q]})

    f is element-wise, alone or with a number: x + 1.
    """
    between = producer(match.op.input(0), *_UNARY, *_BINARY)
    place = _place_of_tensor(match, between) if between is not None else None
    if between is None or place is None:
        return
    before = producer(between.input(place), "Transpose")
    if before is None:
        return
    rank = len(dims_of(before.input(0).type) or ())
    reverse = list(reversed(range(rank)))
    first = before.integers("perm") or reverse
    second = match.op.integers("perm") or reverse
    if not rank or len(first) != rank or len(second) != rank:
        return
    perm = [first[index] for index in second]
    x = before.input(0)
    if perm != list(range(rank)):
        x = match.onnx("Transpose", x, perm=perm)
    inputs = [x if index == place else value for index, value in enumerate(between.inputs)]
    attributes: dict[str, Any] = {
        name: between.properties[name]
        for name in between.SCHEMA.attributes
        if name in between.properties
    }
    match.become(between.operator, inputs, without=("perm",), **attributes)


def _place_of_tensor(match: Match, op: OnnxOperation) -> int | None:
    """Which operand is the tensor, where the other is a number that broadcasts to any layout."""
    if op.operator in _UNARY:
        return 0
    for index in (0, 1):
        other = op.input(1 - index)
        if number(match, other) is not None and len(dims_of(other.type) or ()) <= 1:
            return index
    return None
