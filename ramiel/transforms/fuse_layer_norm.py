"""`fuse-layer-norm`: layer normalization (arXiv 1607.06450) as opsets before 17 write it."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of, element_of, static_shape
from ramiel.transforms.matching import is_number, producer, with_number
from ramiel.transforms.rewriting import Match, apply_patterns, rewrites


@dataclass(frozen=True)
class FuseLayerNorm(ModulePass):
    """(x - mean(x)) / √(mean((x - mean(x))²) + ε) · scale + bias -> LayerNormalization."""

    name = "fuse-layer-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, [fuse_layer_norm], remove_dead=True)


@rewrites("onnx.Add")
def fuse_layer_norm(match: Match) -> None:
    """d / √(mean(d²) + ε) · s + b = LayerNormalization(x, s, b) for d = x - mean(x)"""
    for index in (0, 1):
        product = producer(match.op.input(index), "Mul")
        bias = match.op.input(1 - index)
        if product is None:
            continue
        for side in (0, 1):
            found = _normalized(match, product.input(side))
            scale = product.input(1 - side)
            if found is None:
                continue
            x, epsilon = found
            if _is_vector(scale, x) and _is_vector(bias, x):
                norm = match.onnx("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)
                match.replace_by(norm)
                return


def _normalized(match: Match, value: SSAValue) -> tuple[SSAValue, float] | None:
    """x and ε of d / √(mean(d²) + ε), where d = x - mean(x)."""
    quotient = producer(value, "Div")
    root = producer(quotient.input(1), "Sqrt") if quotient is not None else None
    sum_ = with_number(match, producer(root.input(0), "Add")) if root is not None else None
    if quotient is None or sum_ is None:
        return None
    variance = producer(sum_[0], "ReduceMean")
    deviation = quotient.input(0)
    if variance is None or not _over_last(match, variance):
        return None
    if not _is_square(match, variance.input(0), deviation):
        return None
    x = _centred(match, deviation)
    return None if x is None else (x, sum_[1])


def _is_square(match: Match, value: SSAValue, of: SSAValue) -> bool:
    power = producer(value, "Pow", "Mul")
    if power is None or power.input(0) != of:
        return False
    return power.input(1) == of or is_number(match, power.input(1), 2.0)


def _centred(match: Match, value: SSAValue) -> SSAValue | None:
    """x of x - mean(x)."""
    difference = producer(value, "Sub", alone=False)
    mean = producer(difference.input(1), "ReduceMean") if difference is not None else None
    if difference is None or mean is None or mean.input(0) != difference.input(0):
        return None
    return mean.input(0) if _over_last(match, mean) else None


def _over_last(match: Match, op: OnnxOperation) -> bool:
    """Whether a mean is over the last axis, which stays."""
    dims = dims_of(op.input(0).type)
    axes = match.integers(op.optional_input(1))
    if dims is None or axes is None or not op.integer("keepdims"):
        return False
    return axes in ([-1], [len(dims) - 1])


def _is_vector(value: SSAValue, x: SSAValue) -> bool:
    """Whether a value has one number for each element of x's last axis."""
    dims = dims_of(x.type)
    same = element_of(value.type) == element_of(x.type)
    return bool(dims) and static_shape(value.type) == (dims[-1],) and same
