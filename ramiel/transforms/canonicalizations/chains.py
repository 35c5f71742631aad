"""Two operations that are one, or none."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import dims_of, static_shape
from ramiel.transforms.canonicalizations.identities import same_type
from ramiel.transforms.rewriting import Match, rewrites

_RESHAPES = ("onnx.Reshape", "onnx.Flatten", "onnx.Squeeze", "onnx.Unsqueeze")
"""Operations that keep the elements and their order."""


def _producer(value: SSAValue, *names: str) -> OnnxOperation | None:
    op = value.owner
    return op if isinstance(op, OnnxOperation) and op.name in names else None


@rewrites("onnx.Transpose")
def join_transposes(match: Match) -> None:
    """Transpose(Transpose(x) {perm = p}) {perm = q} = Transpose(x) {perm = p[q]}"""
    inner = _producer(match.op.input(0), "onnx.Transpose")
    if inner is None:
        return
    dims = dims_of(inner.input(0).type)
    reverse = None if dims is None else list(reversed(range(len(dims))))
    first = inner.integers("perm") or reverse
    second = match.op.integers("perm") or reverse
    if first is None or second is None:
        return
    perm = [first[index] for index in second]
    if perm == list(range(len(perm))):
        match.replace_by(inner.input(0))
    else:
        match.become("Transpose", [inner.input(0)], perm=perm)


@rewrites(*_RESHAPES)
def join_reshapes(match: Match) -> None:
    """Reshape(Reshape(x, s), t) = Reshape(x, t), or x if the types say so

    So for Flatten, Squeeze and Unsqueeze.  A target that copies dimensions (0) reads the inner
    shape, and stays unless the result's shape is static.
    """
    op = match.op
    inner = _producer(op.input(0), *_RESHAPES)
    if inner is None or not inner.results[0].has_one_use():
        return
    x = inner.input(0)
    if same_type(x.type, op.results[0].type):
        match.replace_by(x)
        return
    target: list[int] | tuple[int, ...] | None = static_shape(op.results[0].type)
    if target is None and op.operator == "Reshape":
        target = match.integers(op.input(1))
    if target is None or 0 in target:
        return
    shape = match.tensor(np.array(target, np.int64), "shape")
    match.become("Reshape", [x, shape], without=("axis", "allowzero"))
