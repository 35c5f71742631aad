"""Small tensors of integers, element by element: numbers, and Python integers to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Attribute, SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.sizes import Size
from ramiel.tensors import Array
from ramiel.transforms.type_inference import constant_value
from ramiel.weights import WeightStore

MAX_ELEMENTS = 64
"""Longer tensors are no shapes."""
MAX_NUMBER = 2**31 - 1
"""Arithmetic on larger numbers may overflow the tensor's element type, and is not followed."""


@dataclass(frozen=True)
class Integers:
    """A tensor of rank 0 or 1 whose elements are known numbers or values of the type index.

    A `dtype` of floats or booleans says that the tensor holds these integers as such.
    """

    elements: tuple[Size, ...]
    rank: int
    dtype: np.dtype[Any]

    @property
    def numbers(self) -> tuple[int, ...] | None:
        """The elements if all are known."""
        known = tuple(item for item in self.elements if isinstance(item, int))
        return known if len(known) == len(self.elements) else None

    def array(self) -> Array:
        """The tensor, if all elements are known."""
        numbers = np.array(self.numbers, dtype=self.dtype)
        return numbers.reshape(()) if self.rank == 0 else numbers


def constant_integers(value: SSAValue, store: WeightStore) -> Integers | None:
    """A constant of few integers, also of floats and booleans that are integers."""
    dims = tensors.dims_of(value.type)
    if dims is None or len(dims) > 1 or (dims and dims[0] not in range(1, MAX_ELEMENTS + 1)):
        return None
    array = constant_value(value, store)
    if array is None or array.dtype.name not in ("int64", "int32", "float32", "bool"):
        return None
    if array.dtype == np.float32 and not all(float(item).is_integer() for item in array.flat):
        return None
    return Integers(tuple(int(item) for item in array.flat), array.ndim, array.dtype)


def bridge(integers: Integers, emit: Emitter) -> SSAValue:
    """The tensor itself, for operators that compute with it."""
    if integers.numbers is not None:
        return emit.tensor(integers.array())
    element = element_types.of_numpy(integers.dtype).mlir
    dtype = None if integers.dtype == np.int64 else integers.dtype
    if integers.rank == 0:
        type = tensors.tensor_type(element, [])
        return emit("tensor_of_integer", values=integers.elements[0], dtype=dtype, type=type)
    type = tensors.tensor_type(element, [len(integers.elements)])
    return emit("tensor_of_integers", values=list(integers.elements), dtype=dtype, type=type)


class Arithmetic:
    """Integer arithmetic of the generated code; what is known is computed here and now."""

    def __init__(self, emit: Emitter) -> None:
        self.emit = emit

    def add(self, a: Size, b: Size) -> Size:
        """a + b."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if b == 0:
            return a
        if isinstance(b, int) and b < 0:
            return self._call("operator.sub", a, -b)
        return b if a == 0 else self._call("operator.add", a, b)

    def subtract(self, a: Size, b: Size) -> Size:
        """a - b."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        if isinstance(b, int) and b < 0:
            return self._call("operator.add", a, -b)
        return 0 if a is b else a if b == 0 else self._call("operator.sub", a, b)

    def multiply(self, a: Size, b: Size) -> Size:
        """a · b."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if 0 in (a, b):
            return 0
        return b if a == 1 else a if b == 1 else self._call("operator.mul", a, b)

    def divide(self, a: Size, b: Size) -> Size | None:
        """The quotient of natural numbers, rounded down; None if one may be negative."""
        return self._quotient("integer.floordiv", a, b)

    def divide_up(self, a: Size, b: Size) -> Size | None:
        """The quotient of natural numbers, rounded up; None if one may be negative."""
        return self._quotient("integer.ceildiv", a, b)

    def remainder(self, a: Size, b: Size) -> Size | None:
        """The remainder of natural numbers; None if one may be negative."""
        return self._quotient("integer.mod", a, b)

    def modulo(self, a: Size, b: Size) -> Size | None:
        """a modulo a natural number, which is natural as in Python; None if b may be negative."""
        if not isinstance(b, int) or b < 1:
            return self.remainder(a, b)
        if isinstance(a, int):
            return a % b
        return 0 if b == 1 else self._call("integer.mod", a, b)

    def smaller(self, a: Size, b: Size) -> Size:
        """min(a, b)."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return a if a is b else self._call("integer.min", a, b)

    def larger(self, a: Size, b: Size) -> Size:
        """max(a, b)."""
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        return a if a is b else self._call("integer.max", a, b)

    def _quotient(self, key: str, a: Size, b: Size) -> Size | None:
        if b == 0 or not is_natural(a) or not is_natural(b):
            return None
        if isinstance(a, int) and isinstance(b, int):
            return {"floordiv": a // b, "ceildiv": -(-a // b), "mod": a % b}[key.split(".")[1]]
        if b == 1:
            return 0 if key == "integer.mod" else a
        return self._call(key, a, b)

    def _call(self, key: str, a: Size, b: Size) -> SSAValue:
        operands = [item for item in (a, b) if isinstance(item, SSAValue)]
        literals = {
            name: item
            for name, item in (("input", a), ("other", b))
            if not isinstance(item, SSAValue)
        }
        return self.emit(key, *operands, type=IndexType(), **literals)


NATURAL_IF_OPERANDS_ARE = frozenset(
    {"operator.add", "operator.mul", "integer.floordiv", "integer.ceildiv", "integer.mod"}
)


def is_natural(size: Size) -> bool:
    """Whether an integer is certainly not negative."""
    if isinstance(size, int):
        return size >= 0
    call = size.owner
    if not isinstance(call, CallOp):
        return False
    key = call.key.data
    if key in ("integer.size", "integer.numel"):
        return True
    literals = [_is_natural_literal(item) for item in call.literals.data.values()]
    if key == "integer.max":
        return any(literals) or any(is_natural(operand) for operand in call.operands)
    if key == "integer.mod" and "other" in call.literals.data:
        return _is_natural_literal(call.literals.data["other"])
    if key in NATURAL_IF_OPERANDS_ARE or key == "integer.min":
        return all(literals) and all(is_natural(operand) for operand in call.operands)
    return False


def _is_natural_literal(literal: Attribute) -> bool:
    return isinstance(literal, IntegerAttr) and literal.value.data >= 0
