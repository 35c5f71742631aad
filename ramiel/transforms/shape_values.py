"""What is known of small integer tensors that shapes are computed with, element by element.

Shape(x) of `tensor<?x3x?xf32, ["batch", "width"]>` is ("batch", 3, "width"); Gather, Slice, Concat
and arithmetic carry that on, so that parts of a shape are known where others are dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from onnx import TensorProto
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import Dim, dims_of, element_of
from ramiel.transforms.type_inference import constant_value
from ramiel.weights import WeightStore

MAX_ELEMENTS = 64
"""Longer tensors are no shapes."""
MAX_SIZE = 2**31 - 1
"""Arithmetic beyond this may overflow the tensor's element type, and is not followed."""
MAX_VALUES = 50
"""How many values are looked at for one: shapes that take more are known step by step."""


@dataclass(frozen=True)
class ShapeValue:
    """The elements of a 0-d or 1-d integer tensor: numbers, dimensions' names, "" if unknown."""

    elements: tuple[Dim, ...]
    rank: int

    @property
    def known(self) -> tuple[int, ...] | None:
        """The elements if all are numbers."""
        numbers = tuple(item for item in self.elements if isinstance(item, int))
        return numbers if len(numbers) == len(self.elements) else None


Memo: TypeAlias = "dict[SSAValue, ShapeValue | None]"


def shape_value(
    value: SSAValue | None, store: WeightStore, memo: Memo | None = None
) -> ShapeValue | None:
    """What is known of the value's elements, None if it is no integer tensor of rank 0 or 1."""
    if value is None:
        return None
    memo = {} if memo is None else memo
    if value not in memo:
        if len(memo) == MAX_VALUES or not _may_be_shape(value):
            return None
        memo[value] = None
        memo[value] = _constant(value, store) or _computed(value, store, memo)
    return memo[value]


def _may_be_shape(value: SSAValue) -> bool:
    element, dims = element_of(value.type), dims_of(value.type)
    return (element is None or isinstance(element, IntegerType)) and len(dims or ()) <= 1


def _constant(value: SSAValue, store: WeightStore) -> ShapeValue | None:
    dims = dims_of(value.type)
    if dims is None or len(dims) > 1 or (dims and dims[0] not in range(MAX_ELEMENTS + 1)):
        return None
    array = constant_value(value, store)
    if array is None or array.dtype.kind != "i":
        return None
    return ShapeValue(tuple(int(item) for item in array.reshape(-1)), array.ndim)


def _computed(value: SSAValue, store: WeightStore, memo: Memo) -> ShapeValue | None:
    op = value.owner
    if not isinstance(op, OnnxOperation) or op.domain:
        return None
    if op.operator == "Shape":
        return _shape(op)
    if op.operator not in _TRANSFER:
        return None
    operands = [shape_value(operand, store, memo) for operand in op.inputs]
    return _TRANSFER[op.operator](op, operands)


def _shape(op: OnnxOperation) -> ShapeValue | None:
    """Shape(x) {start, end}: the dimensions from start to end, as Python slices them."""
    dims = dims_of(op.input(0).type)
    if dims is None:
        return None
    if op.version < 15:
        return ShapeValue(tuple(dims), 1)
    end = op.attribute("end")
    return ShapeValue(tuple(dims[op.integer("start") : end if isinstance(end, int) else None]), 1)


Operands: TypeAlias = "Sequence[ShapeValue | None]"


def _gather(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    data, indices = operands
    positions = None if indices is None else indices.known
    if data is None or indices is None or positions is None or data.rank != 1:
        return None
    size = len(data.elements)
    if not all(-size <= position < size for position in positions):
        return None
    return ShapeValue(tuple(data.elements[position] for position in positions), indices.rank)


def _slice(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    if op.version < 10:
        return None
    known = [None if operand is None else operand.known for operand in operands[1:]]
    data, (starts, ends, *rest) = operands[0], known
    steps = rest[1] if len(rest) > 1 and op.optional_input(4) is not None else (1,)
    if data is None or data.rank != 1 or not starts or not ends or not steps or steps[0] < 1:
        return None
    return ShapeValue(data.elements[starts[0] : ends[0] : steps[0]], 1)


def _concat(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    elements: list[Dim] = []
    for value, operand in zip(op.inputs, operands, strict=True):
        if operand is not None and operand.rank == 1:
            elements.extend(operand.elements)
            continue
        # Unknown elements still have a place if their number is known.
        dims = dims_of(value.type) if value is not None else None
        if dims is None or len(dims) != 1 or dims[0] not in range(MAX_ELEMENTS):
            return None
        elements.extend([""] * int(dims[0]))
    return ShapeValue(tuple(elements), 1)


def _same(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    return operands[0]


def _cast(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    """Cast to int32 or int64 of numbers that fit both."""
    data = operands[0]
    if data is None or op.attribute("to") not in (TensorProto.INT32, TensorProto.INT64):
        return None
    elements = [_bounded(item) if isinstance(item, int) else item for item in data.elements]
    return ShapeValue(tuple(elements), data.rank)


def _bounded(number: int) -> Dim:
    return number if abs(number) <= MAX_SIZE else ""


def _reshaped(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    """Unsqueeze, Squeeze or Reshape between ranks 0 and 1."""
    dims = dims_of(op.results[0].type)
    data = operands[0]
    if data is None or dims is None or len(dims) > 1:
        return None
    return ShapeValue(data.elements, len(dims))


def _product(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    """ReduceProd of a whole vector."""
    data, dims = operands[0], dims_of(op.results[0].type)
    if data is None or data.rank != 1 or data.known is None or dims is None:
        return None
    product = prod(data.known)
    if op.version < 18 or op.integer("noop_with_empty_axes") or abs(product) > MAX_SIZE:
        return None
    return ShapeValue((product,), len(dims))


def _elementwise(compute: Callable[[int, int], int]) -> Callable[..., ShapeValue | None]:
    def transfer(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
        first, second = operands
        if first is None or second is None or op.version < 7:
            return None
        count = max(len(first.elements), len(second.elements))
        rows = [
            operand.elements * count if len(operand.elements) == 1 else operand.elements
            for operand in (first, second)
        ]
        if any(len(row) != count for row in rows):
            return None
        elements = tuple(
            _bounded(compute(a, b)) if isinstance(a, int) and isinstance(b, int) else ""
            for a, b in zip(*rows, strict=True)
        )
        return ShapeValue(elements, max(first.rank, second.rank))

    return transfer


def _divide(a: int, b: int) -> int:
    """Integer division as ONNX has it: towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _division(op: OnnxOperation, operands: Operands) -> ShapeValue | None:
    divisor = operands[1]
    if divisor is None or 0 in divisor.elements:
        return None
    return _elementwise(_divide)(op, operands)


_TRANSFER: dict[str, Callable[[OnnxOperation, Operands], ShapeValue | None]] = {
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Identity": _same,
    "Cast": _cast,
    "Unsqueeze": _reshaped,
    "Squeeze": _reshaped,
    "Reshape": _reshaped,
    "ReduceProd": _product,
    "Add": _elementwise(lambda a, b: a + b),
    "Sub": _elementwise(lambda a, b: a - b),
    "Mul": _elementwise(lambda a, b: a * b),
    "Div": _division,
}
