"""Random tensors: other numbers at each call, unless a seed is given; ONNX fixes no generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

_NORMAL = "size, mean=0.0, scale=1.0, dtype=None, seed=None"
_UNIFORM = "size, low=0.0, high=1.0, dtype=None, seed=None"

callee("operators.random_normal", _NORMAL, pure=False, helper="randomness.random_normal")
callee("operators.random_uniform", _UNIFORM, pure=False, helper="randomness.random_uniform")
callee("operators.bernoulli", "x, dtype, seed=None", pure=False, helper="randomness.bernoulli")
callee(
    "operators.dropout",
    "x, ratio=0.5, training=True, seed=None",
    pure=False,
    helper="randomness.dropout",
)
callee(
    "operators.multinomial",
    "x, sample_size, dtype, seed=None",
    pure=False,
    helper="randomness.multinomial",
)


def _dtype(op: OnnxOperation, emit: Emitter, like: SSAValue | None) -> np.dtype[Any]:
    given = op.attribute("dtype")
    if isinstance(given, int):
        return element_types.of_onnx(given).numpy
    return np.dtype(np.float32) if like is None else emit.dtype(like)


def _seed(op: OnnxOperation) -> int | None:
    """The seed, a FLOAT in ONNX."""
    return int(op.number("seed")) if op.attribute("seed") is not None else None


@meaning("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
def random(op: OnnxOperation, emit: Emitter) -> Values:
    """Independent numbers of a normal or uniform distribution."""
    like = op.input(0) if op.operator.endswith("Like") else None
    size = op.integers("shape") if like is None else emit.shape(like)
    if size is None:
        emit.refuse("needs a known shape")
    normal = "Normal" in op.operator
    names = ("mean", "scale") if normal else ("low", "high")
    arguments = {name: op.number(name) for name in names}
    dtype = _dtype(op, emit, like)
    key = "operators.random_normal" if normal else "operators.random_uniform"
    return emit(
        key,
        size=list(size),
        dtype=None if dtype == np.float32 else dtype,
        seed=_seed(op),
        type=op.results[0].type,
        **arguments,
    )


@meaning("Bernoulli")
def bernoulli_draw(op: OnnxOperation, emit: Emitter) -> Values:
    """1 with the probability that each element is, else 0."""
    x = op.input(0)
    return emit("operators.bernoulli", x, dtype=_dtype(op, emit, x), seed=_seed(op))


@meaning("Multinomial")
def multinomial_draw(op: OnnxOperation, emit: Emitter) -> Values:
    """Classes drawn with replacement from the log-probabilities in each row."""
    return emit(
        "operators.multinomial",
        op.input(0),
        sample_size=op.integer("sample_size", 1),
        dtype=element_types.of_onnx(op.integer("dtype", 6)).numpy,
        seed=_seed(op),
    )


@meaning("Dropout")
def dropout(op: OnnxOperation, emit: Emitter) -> Values:
    """x for inference, with a mask that is true everywhere; else some elements are 0."""
    x = op.input(0)
    training, ratio = _training(op, emit)
    if training is False or ratio == 0:
        if len(op.outputs) < 2 or op.outputs[1] is None:
            return x
        mask = emit.dtype(x) if op.version < 10 else np.dtype(np.bool_)
        return x, emit("torch.ones_like", x, dtype=mask)
    if op.version < 12:
        emit.refuse("is supported for inference only")
    seed = op.attribute("seed")
    return emit.many(
        "operators.dropout",
        x,
        count=2,
        types=[x.type, tensors.tensor_type(i1, tensors.dims_of(x.type))],
        ratio=op.optional_input(1) if ratio is None else ratio,
        training=op.optional_input(2) if training is None else training,
        seed=seed if isinstance(seed, int) else None,
    )


def _training(op: OnnxOperation, emit: Emitter) -> tuple[bool | None, float | None]:
    """Whether some elements are dropped, and what part of them; None if only the operand knows.

    The mode is an attribute before opset 7, an operand from opset 12 on.
    """
    if op.version < 7:
        return op.integer("is_test", 0) == 0, op.number("ratio", 0.5)
    if op.version < 12 or op.optional_input(2) is None:
        return False, None
    mode, given = emit.scalar(op.input(2)), op.optional_input(1)
    ratio = 0.5 if given is None else emit.scalar(given)
    known = isinstance(ratio, int | float)
    return None if mode is None else bool(mode), float(ratio) if known else None
