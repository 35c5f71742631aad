"""What ONNX operators do to small tensors of integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from onnx import TensorProto
from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.sizes import Size
from ramiel.tensors import dims_of, element_of, static_shape
from ramiel.transforms.integers.rearranging import REARRANGING, rearranged_places
from ramiel.transforms.integers.sources import Sizes
from ramiel.transforms.integers.values import (
    MAX_NUMBER,
    Arithmetic,
    Integers,
    constant_integers,
    is_natural,
)
from ramiel.weights import WeightStore

DTYPES: dict[int, np.dtype[Any]] = {
    int(TensorProto.INT64): np.dtype(np.int64),
    int(TensorProto.INT32): np.dtype(np.int32),
    int(TensorProto.FLOAT): np.dtype(np.float32),
}
MAX_EXACT_FLOAT = 2**24
"""float32 has every integer up to this, and any dimension that memory holds should be smaller."""


class Operands:
    """An operator with what is known of its operands."""

    def __init__(
        self, op: OnnxOperation, sizes: Sizes, store: WeightStore, arithmetic: Arithmetic
    ) -> None:
        self.op = op
        self.sizes = sizes
        self.store = store
        self.compute = arithmetic

    def optional(self, index: int) -> Integers | None:
        """The integers of an operand, None if it is absent or something else."""
        value = self.op.optional_input(index) if index < len(self.op.inputs) else None
        return None if value is None else self.of(value)

    def of(self, value: SSAValue) -> Integers | None:
        """The integers that a value holds, None if it is something else."""
        return self.sizes.integers.get(value) or constant_integers(value, self.store)

    def numbers(self, value: SSAValue | None) -> tuple[int, ...] | None:
        """The integers of a constant, None if there is none."""
        found = None if value is None else constant_integers(value, self.store)
        return None if found is None else found.numbers

    def all(self) -> list[Integers] | None:
        """The integers of all operands, None if one is something else."""
        found = [self.optional(index) for index in range(len(self.op.inputs))]
        known = [item for item in found if item is not None]
        return known if len(known) == len(found) else None


Transfer: TypeAlias = "Callable[[Operands], Integers | None]"
Compute: TypeAlias = "Callable[[Size, Size], Size | None]"


def _shape(given: Operands) -> Integers | None:
    """Shape(x) {start, end}."""
    op = given.op
    dims = dims_of(op.input(0).type)
    if dims is None:
        return None
    known = "start" in op.SCHEMA.attributes
    end = op.attribute("end") if known else None
    first = op.integer("start", 0) if known else 0
    places = range(len(dims))[first : end if isinstance(end, int) else None]
    sizes = [given.sizes.of(op.input(0), axis) for axis in places]
    return Integers(tuple(sizes), 1, np.dtype(np.int64)) if sizes else None


def _size(given: Operands) -> Integers | None:
    """Size(x)."""
    size = given.compute.emit("integer.numel", given.op.input(0), type=IndexType())
    return Integers((size,), 0, np.dtype(np.int64))


def _gather(given: Operands) -> Integers | None:
    data, indices = given.optional(0), given.optional(1)
    places = None if indices is None else indices.numbers
    if data is None or indices is None or places is None or data.rank != 1:
        return None
    size = len(data.elements)
    if not all(-size <= place < size for place in places):
        return None
    return Integers(tuple(data.elements[place] for place in places), indices.rank, data.dtype)


def _slice(given: Operands) -> Integers | None:
    if given.op.version < 10:
        starts, ends = given.op.integers("starts"), given.op.integers("ends")
        steps: Sequence[int] | None = (1,)
    else:
        known = [given.optional(index) for index in range(1, 5)]
        starts, ends, _, steps = (None if item is None else item.numbers for item in known)
        if given.op.optional_input(4) is None:
            steps = (1,)
    data = given.optional(0)
    if data is None or data.rank != 1 or not starts or not ends or not steps or steps[0] < 1:
        return None
    found = data.elements[starts[0] : ends[0] : steps[0]]
    return Integers(found, 1, data.dtype) if found else None


def _concat(given: Operands) -> Integers | None:
    """Parts of which some are integers; a single number of a tensor becomes one."""
    elements: list[Size] = []
    parts = [(value, given.of(value)) for value in given.op.inputs if value is not None]
    if not any(part is not None and part.numbers is None for _, part in parts):
        known = given.all()
        if known is None:
            return None
    for value, part in parts:
        if part is not None and part.rank == 1:
            elements.extend(part.elements)
        elif static_shape(value.type) == (1,) and _is_integer(value):
            elements.append(given.compute.emit("integer.of_tensor", value, type=IndexType()))
        else:
            return None
    dtypes = {part.dtype for _, part in parts if part is not None}
    return Integers(tuple(elements), 1, dtypes.pop()) if len(dtypes) == 1 else None


def _is_integer(value: SSAValue) -> bool:
    return str(element_of(value.type)) in ("i64", "i32")


def _same(given: Operands) -> Integers | None:
    return given.optional(0)


def _cast(given: Operands) -> Integers | None:
    """A number that all three types can hold stays itself."""
    data, dtype = given.optional(0), DTYPES.get(given.op.integer("to"))
    if data is None and dtype is not None and dtype.kind == "i":
        data = _rounded(given)
    if data is None or dtype is None:
        return None
    fits = all(not isinstance(item, int) or abs(item) < MAX_EXACT_FLOAT for item in data.elements)
    return Integers(data.elements, data.rank, dtype) if fits else None


def _rounded(given: Operands, up: bool = False) -> Integers | None:
    """A quotient of natural numbers, rounded, whose operands float32 holds exactly.

    Up to 2²⁴ float32 divides so exactly that rounding gives the true quotient's.
    """
    quotient = given.op.input(0).owner
    if not isinstance(quotient, OnnxOperation) or quotient.domain or quotient.operator != "Div":
        return None
    a, b = (given.of(operand) for operand in quotient.operands)
    if a is None or b is None or a.dtype != np.float32:
        return None
    return _pairwise(a, b, given.compute.divide_up if up else given.compute.divide)


def _floor(given: Operands) -> Integers | None:
    return given.optional(0) or _rounded(given)


def _ceil(given: Operands) -> Integers | None:
    return given.optional(0) or _rounded(given, up=True)


def _reshaped(given: Operands) -> Integers | None:
    """Unsqueeze, Squeeze or Reshape to ranks 0 and 1."""
    data, dims = given.optional(0) or rearranged(given), dims_of(given.op.results[0].type)
    if data is None or dims is None or len(dims) > 1 or (not dims and len(data.elements) != 1):
        return None
    return Integers(data.elements, len(dims), data.dtype)


def rearranged(given: Operands) -> Integers | None:
    """The elements of a vector in another order, as PyTorch's exporter writes F.pad's numbers."""
    steps: list[OnnxOperation] = []
    value = given.op.input(0)
    data = given.of(value)
    while data is None:
        op = value.owner
        if not isinstance(op, OnnxOperation) or op.operator not in REARRANGING or op.domain:
            return None
        steps.append(op)
        value = op.input(0)
        data = given.of(value)
    places = rearranged_places(len(data.elements), reversed(steps), given.numbers)
    if places is None:
        return None
    return Integers(tuple(data.elements[place] for place in places), 1, data.dtype)


def _pairwise(first: Integers, second: Integers, compute: Compute) -> Integers | None:
    count = max(len(first.elements), len(second.elements))
    rows = [
        item.elements * count if len(item.elements) == 1 else item.elements
        for item in (first, second)
    ]
    if any(len(row) != count for row in rows) or first.dtype != second.dtype:
        return None
    numbers = [item for row in rows for item in row if isinstance(item, int)]
    if any(abs(number) > MAX_NUMBER for number in numbers):
        return None
    found = [compute(a, b) for a, b in zip(*rows, strict=True)]
    elements = tuple(item for item in found if item is not None)
    if len(elements) != count:
        return None
    return Integers(elements, max(first.rank, second.rank), first.dtype)


def _elementwise(
    operation: Callable[[Arithmetic], Callable[[Size, Size], Size | None]],
) -> Transfer:
    """Two or more operands, element by element."""

    def transfer(given: Operands) -> Integers | None:
        operands = given.all()
        if operands is None or given.op.version < 6:
            return None
        found: Integers | None = operands[0]
        for operand in operands[1:]:
            if found is not None:
                found = _pairwise(found, operand, operation(given.compute))
        return found

    return transfer


def _divide(given: Operands) -> Integers | None:
    operands = given.all()
    if operands is None or operands[0].dtype.kind != "i":
        return None
    return _pairwise(operands[0], operands[1], given.compute.divide)


def _modulo(given: Operands) -> Integers | None:
    operands = given.all()
    if operands is None or operands[0].dtype.kind != "i":
        return None
    if given.op.integer("fmod"):
        return _pairwise(operands[0], operands[1], given.compute.remainder)
    return _pairwise(operands[0], operands[1], given.compute.modulo)


def _reduction(operation: Callable[[Arithmetic], Callable[[Size, Size], Size]]) -> Transfer:
    """All of a vector to one."""

    def transfer(given: Operands) -> Integers | None:
        data, dims = given.optional(0), dims_of(given.op.results[0].type)
        if data is None or data.rank != 1 or dims is None or data.dtype.kind != "i":
            return None
        if "noop_with_empty_axes" in given.op.SCHEMA.attributes and (
            given.op.integer("noop_with_empty_axes")
        ):
            return None
        return Integers((reduce(operation(given.compute), data.elements),), len(dims), data.dtype)

    return transfer


def _equal(given: Operands) -> Integers | None:
    """What can be told of sizes: that they are the same, or that none is negative."""
    operands = given.all()
    if operands is None:
        return None

    def compare(a: Size, b: Size) -> int | None:
        if (isinstance(a, int) and isinstance(b, int)) or a is b:
            return int(a == b)
        negative = [item for item in (a, b) if isinstance(item, int) and item < 0]
        natural = [item for item in (a, b) if not isinstance(item, int) and is_natural(item)]
        return 0 if negative and natural else None

    found = _pairwise(operands[0], operands[1], compare)
    return None if found is None else Integers(found.elements, found.rank, np.dtype(np.bool_))


def _where(given: Operands) -> Integers | None:
    operands = given.all()
    if operands is None or operands[0].numbers is None:
        return None
    condition, first, second = operands
    count = max(len(operand.elements) for operand in operands)
    rows = [
        operand.elements * count if len(operand.elements) == 1 else operand.elements
        for operand in operands
    ]
    if any(len(row) != count for row in rows):
        return None
    elements = tuple(a if c else b for c, a, b in zip(*rows, strict=True))
    return Integers(elements, max(item.rank for item in (condition, first, second)), first.dtype)


TRANSFER: dict[str, Transfer] = {
    "Shape": _shape,
    "Size": _size,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Identity": _same,
    "Cast": _cast,
    "Floor": _floor,
    "Ceil": _ceil,
    "Unsqueeze": _reshaped,
    "Squeeze": _reshaped,
    "Reshape": _reshaped,
    "Add": _elementwise(lambda compute: compute.add),
    "Sub": _elementwise(lambda compute: compute.subtract),
    "Mul": _elementwise(lambda compute: compute.multiply),
    "Min": _elementwise(lambda compute: compute.smaller),
    "Max": _elementwise(lambda compute: compute.larger),
    "Div": _divide,
    "Mod": _modulo,
    "ReduceProd": _reduction(lambda compute: compute.multiply),
    "ReduceSum": _reduction(lambda compute: compute.add),
    "ReduceMin": _reduction(lambda compute: compute.smaller),
    "ReduceMax": _reduction(lambda compute: compute.larger),
    "Equal": _equal,
    "Where": _where,
}
"""What is not here computes with tensors."""
