"""Comparisons, logic on bool, and the choice between two tensors."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.errors import RamielError
from ramiel.operators.elementwise import aligned, binary
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import literal, widen
from ramiel.operators.registry import Values, callee, meaning

callee("operator.eq", "input, other", "{input} == {other}")
callee("operator.lt", "input, other", "{input} < {other}")
callee("operator.le", "input, other", "{input} <= {other}")
callee("operator.gt", "input, other", "{input} > {other}")
callee("operator.ge", "input, other", "{input} >= {other}")
callee("operator.and", "input, other", "{input} & {other}")
callee("operator.or", "input, other", "{input} | {other}")
callee("operator.xor", "input, other", "{input} ^ {other}")
callee("operator.invert", "input", "~{input}")
callee("torch.where", "condition, input, other", "torch.where({condition}, {input}, {other})")
callee("torch.isnan", "input")
callee("torch.isinf", "input")
callee("torch.isposinf", "input")
callee("torch.isneginf", "input")
callee("operators.less_uint64", "x, y", helper="unsigned.less_uint64")

ORDER = {"Less": "lt", "LessOrEqual": "le", "Greater": "gt", "GreaterOrEqual": "ge"}


@meaning("Equal")
def equal(op: OnnxOperation, emit: Emitter) -> Values:
    """x = y."""
    x, y = aligned(op, emit)
    _refuse_strings(emit, x)
    return binary(emit, "operator.eq", x, y)


@meaning(*ORDER)
def order(op: OnnxOperation, emit: Emitter) -> Values:
    """x < y, x ≤ y, x > y, x ≥ y."""
    x, y = aligned(op, emit)
    if emit.dtype(x) == np.uint64:
        return _order_uint64(op.operator, emit, x, y)
    return binary(emit, f"operator.{ORDER[op.operator]}", widen(emit, x), widen(emit, y))


def _order_uint64(operator: str, emit: Emitter, x: SSAValue, y: SSAValue) -> SSAValue:
    """x > y ⟺ y < x; x ≤ y ⟺ ¬(y < x)."""
    swapped = operator in ("Greater", "LessOrEqual")
    less = emit("operators.less_uint64", *((y, x) if swapped else (x, y)))
    return emit("operator.invert", less) if operator.endswith("OrEqual") else less


@meaning("And", "Or", "Xor")
def logic(op: OnnxOperation, emit: Emitter) -> Values:
    """x ∧ y, x ∨ y, x ⊕ y."""
    return emit(f"operator.{op.operator.lower()}", *aligned(op, emit))


@meaning("Not")
def invert(op: OnnxOperation, emit: Emitter) -> Values:
    """¬x."""
    return emit("operator.invert", op.input(0))


@meaning("IsNaN")
def is_nan(op: OnnxOperation, emit: Emitter) -> Values:
    """Whether x is no number."""
    return emit("torch.isnan", op.input(0))


@meaning("IsInf")
def is_inf(op: OnnxOperation, emit: Emitter) -> Values:
    """Whether x is infinite, of the signs asked for."""
    positive, negative = op.integer("detect_positive"), op.integer("detect_negative")
    if positive and negative:
        return emit("torch.isinf", op.input(0))
    if positive or negative:
        return emit("torch.isposinf" if positive else "torch.isneginf", op.input(0))
    return emit("torch.zeros_like", op.input(0), dtype=np.dtype(np.bool_))


@meaning("Where")
def where(op: OnnxOperation, emit: Emitter) -> Values:
    """x where the condition holds, else y."""
    condition, x, y = op.input(0), op.input(1), op.input(2)
    _refuse_strings(emit, x)
    right = literal(emit, y, beside=condition)
    if right is not None:
        return emit("torch.where", condition, x, other=right)
    left = literal(emit, x, beside=condition)
    if left is not None:
        return emit("torch.where", condition, input=left, other=y)
    return emit("torch.where", condition, x, y)


def _refuse_strings(emit: Emitter, value: SSAValue) -> None:
    try:
        element_types.of_mlir(value.type)
    except RamielError:
        emit.refuse("is not supported for strings")
