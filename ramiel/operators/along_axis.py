"""Operators along one axis: positions of extremes, running sums and products."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import in_order, narrow, widen
from ramiel.operators.registry import Values, callee, meaning

callee("Tensor.argmax", "input, dim, /, keepdim=False")
callee("Tensor.argmin", "input, dim, /, keepdim=False")
for _name in ("argmax", "argmin"):
    callee(
        f"last_{_name}",
        "input, last, dim, keepdim=False",
        f"{{last}} - {{input}}.flip({{dim}}).{_name}({{dim}}, keepdim={{keepdim}})",
    )
callee("Tensor.cumsum", "input, dim, /, dtype=None")
callee("Tensor.cumprod", "input, dim, /, dtype=None")
callee(
    "operators.cumulate",
    "x, axis, operation, exclusive=False, reverse=False",
    helper="reduction.cumulate",
)


@meaning("ArgMax", "ArgMin")
def position(op: OnnxOperation, emit: Emitter) -> Values:
    """Where along an axis the first largest or smallest element is; on demand the last one."""
    x = in_order(emit, op.input(0))
    axis, keepdim = op.integer("axis", 0), bool(op.integer("keepdims", 1))
    name = op.operator.lower()
    if "select_last_index" not in op.SCHEMA.attributes or not op.integer("select_last_index", 0):
        return emit(f"Tensor.{name}", x, dim=axis, keepdim=keepdim)
    dims = tensors.dims_of(op.input(0).type)
    size = dims[axis] if dims else None
    if not isinstance(size, int):
        emit.refuse("with select_last_index needs a known dimension")
    return emit(f"last_{name}", x, last=size - 1, dim=axis, keepdim=keepdim)


@meaning("CumSum", "CumProd")
def running(op: OnnxOperation, emit: Emitter) -> Values:
    """Σ or Π of the elements up to each one along an axis."""
    x, axis = op.input(0), op.input(1)
    wide, name = widen(emit, x), op.operator.lower()
    exclusive, reverse = bool(op.integer("exclusive", 0)), bool(op.integer("reverse", 0))
    known = emit.scalar(axis)
    if known is None or exclusive or reverse:
        where: SSAValue | int = axis if known is None else int(str(known))
        arguments: dict[str, Any] = {"operation": name, "exclusive": exclusive, "reverse": reverse}
        return narrow(emit, emit("operators.cumulate", wide, axis=where, **arguments), like=x)
    dtype = emit.dtype(x)
    small = dtype.kind in "iu" and dtype.itemsize < 8 and wide is x
    result = emit(f"Tensor.{name}", wide, dim=known, dtype=dtype if small else None)
    return narrow(emit, result, like=x)
