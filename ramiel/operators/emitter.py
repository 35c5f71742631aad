"""What a meaning works with: it emits torch.calls and asks what is known of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias, TypeGuard, cast

import numpy as np
from xdsl.dialects.builtin import (
    ArrayAttr,
    IndexType,
    IntAttr,
    StringAttr,
    UnrankedTensorType,
    f32,
)
from xdsl.ir import Attribute, Operation, SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.syntax import Literal, to_attribute
from ramiel.dialects.torch import CallOp, DtypeAttr, SizeAttr
from ramiel.errors import RamielError
from ramiel.known_values import known_value
from ramiel.locations import inherit_location
from ramiel.operators.sizes import (
    TENSORS_OF_INTEGERS,
    Size,
    Slice,
    place,
    size_hint,
    sizes_of,
)
from ramiel.tensors import Array
from ramiel.weights import WeightStore

INLINE_ELEMENTS = 16
"""Constants of up to this many elements stand in the text; larger ones are weights."""


Argument: TypeAlias = (
    "SSAValue | Literal | Attribute | np.dtype[Any] | Sequence[Size | Slice | str] | None"
)


class Unsupported(RamielError):
    """An operator, or a form of it, that has no meaning in PyTorch here."""

    def __init__(
        self, op: Operation, reason: str, inside: Sequence[Unsupported] | None = None
    ) -> None:
        super().__init__(reason)
        self.op = op
        self.errors: Sequence[Unsupported] = [self] if inside is None else inside
        """What to report: the operations inside its regions that are at fault, or itself."""


class Emitter:
    """Collects the torch.calls that one operation becomes."""

    def __init__(self, op: Operation, store: WeightStore) -> None:
        self.op = op
        self.store = store
        self.emitted: list[Operation] = []

    def __call__(
        self,
        key: str,
        *operands: SSAValue,
        type: Attribute | None = None,
        **arguments: Argument,
    ) -> SSAValue:
        """Emit a call with one result.

        Operands go by position; a keyword is an operand if it is an SSA value, else a literal, in
        which integers may stand; a numpy dtype becomes torch's.  None leaves the parameter out.
        The result's type is found on meta tensors; `type` says what it is where that cannot be.
        """
        types = None if type is None else [type]
        return self.many(key, *operands, types=types, count=1, **arguments)[0]

    def many(
        self,
        key: str,
        *operands: SSAValue,
        count: int,
        types: Sequence[Attribute] | None = None,
        **arguments: Argument,
    ) -> tuple[SSAValue, ...]:
        """Emit a call with `count` results, unpacked from a sequence if there are several."""
        positional, arguments = self._unpack_sizes(key, operands, arguments)
        keywords = {k: v for k, v in arguments.items() if is_operand(v)}
        sizes: list[SSAValue] = []
        literals = {
            name: _literal(value, sizes)
            for name, value in arguments.items()
            if value is not None and name not in keywords
        }
        unknown = UnrankedTensorType(self._element(operands))
        call = CallOp(key, positional, types or [unknown] * count, literals, keywords, sizes)
        if types is None:
            # What the call itself gives is truer than a guess.
            from ramiel.operators.evaluation import infer_result_types

            inferred = infer_result_types(call)
            if inferred is not None:
                call.drop_all_references()  # a forgotten reader would stay a reader
                call = CallOp(key, positional, inferred, literals, keywords, sizes)
        inherit_location(self.op, call)
        self.emitted.append(call)
        return tuple(call.results)

    def _unpack_sizes(
        self, key: str, operands: Sequence[SSAValue], arguments: dict[str, Argument]
    ) -> tuple[Sequence[SSAValue], dict[str, Argument]]:
        """Integers in the place of tensors of integers, where the callee takes both."""
        from ramiel.operators.registry import find_callee

        callee = find_callee(key)
        if callee is None or not callee.size_parameters:
            return operands, arguments
        keywords = {name: value for name, value in arguments.items() if value is not None}
        bound = callee.bind(operands, keywords, {})
        for name in callee.size_parameters:
            value = bound.get(name)
            found = self.sizes(value) if is_operand(value) else None
            if found is None:
                continue
            operands = [operand for operand in operands if operand is not value]
            arguments = {**arguments, name: found[0] if callee.takes_int(name) else found}
        return operands, arguments

    def sizes(self, value: SSAValue) -> list[Size] | None:
        """The elements of a tensor of sizes: numbers, and integers of the generated code.

        None if they are neither constant nor made of integers (see `integer-shapes`).
        """
        array = self.constant(value)
        if array is not None:
            return [int(item) for item in array.reshape(-1)] if array.dtype.kind in "iu" else None
        owner = value.owner
        if not isinstance(owner, CallOp):
            return None
        if owner.key.data in TENSORS_OF_INTEGERS:
            return sizes_of(owner)
        dims = tensors.dims_of(owner.operands[0].type) if owner.operands else None
        if owner.key.data != "shape_tensor" or dims is None:
            return None
        return [
            self._size(owner.operands[0], axis, dim) if isinstance(dim, str) else dim
            for axis, dim in enumerate(dims)
        ]

    def _size(self, value: SSAValue, axis: int, name: str) -> SSAValue:
        size = self("integer.size", value, dim=axis, type=IndexType())
        size.name_hint = size_hint(value, axis, name)
        return size

    @staticmethod
    def _element(operands: Sequence[SSAValue]) -> Attribute:
        element = tensors.element_of(operands[0].type) if operands else None
        return element or f32

    def constant(self, value: SSAValue | None) -> Array | None:
        """The operand's value if it is known when compiling, else None."""
        return known_value(value, self.store)

    def integers(self, value: SSAValue | None, what: str) -> list[int] | None:
        """A constant 1-d (or 0-d) integer operand as a list; None if the operand is absent.

        Raises Unsupported if it is not constant.
        """
        if value is None:
            return None
        array = self.constant(value)
        if array is None:
            self.refuse(f"{what} must be constant")
        return [int(item) for item in array.reshape(-1)]

    def scalar(self, value: SSAValue | None) -> Literal:
        """The operand as a Python number if it is a known tensor of one element, else None."""
        if value is None or tensors.static_shape(value.type) not in ((), (1,)):
            return None
        array = self.constant(value)
        return None if array is None else shortest(array.reshape(-1)[0])

    def tensor(self, array: Array, hint: str = "constant") -> SSAValue:
        """A tensor that is known when compiling: in the text if small, else a weight."""
        if array.size <= INLINE_ELEMENTS and array.dtype.kind in "biuf":
            op = ConstantOp(tensors.to_dense(array))
        else:
            op = WeightOp(self.store.add(hint, array), tensors.type_of_array(array))
        inherit_location(self.op, op)
        self.emitted.append(op)
        return op.results[0]

    def shape(self, value: SSAValue) -> tuple[int, ...] | None:
        """The operand's shape, None if it is not wholly known."""
        return tensors.static_shape(value.type)

    def rank(self, value: SSAValue) -> int:
        """The number of dimensions.  Raises Unsupported if it is not known."""
        dims = tensors.dims_of(value.type)
        if dims is None:
            self.refuse("needs an input of known rank")
        return len(dims)

    def dtype(self, value: SSAValue) -> np.dtype[Any]:
        """The element type, as a numpy dtype."""
        return element_types.of_mlir(tensors.element_of(value.type) or value.type).numpy

    def refuse(self, reason: str) -> NoReturn:
        """Raises Unsupported with the reason."""
        raise Unsupported(self.op, reason)


def is_operand(value: Any) -> TypeGuard[SSAValue]:
    """Whether an argument is an operand of its own, and no integer among literals."""
    return isinstance(value, SSAValue) and not isinstance(value.type, IndexType)


def _literal(value: Any, sizes: list[SSAValue]) -> Attribute:
    """The attribute of a literal; integers in it are appended to `sizes`."""
    if isinstance(value, np.dtype):
        return dtype_attribute(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, SSAValue):
        return SizeAttr(IntAttr(place(cast(SSAValue, value), sizes)))
    if isinstance(value, Slice):
        return StringAttr(value.text(sizes))
    if isinstance(value, list | tuple):
        return ArrayAttr([_literal(item, sizes) for item in cast("list[Any]", value)])
    return to_attribute(value)


def dtype_attribute(dtype: np.dtype[Any]) -> DtypeAttr:
    """`#torch.dtype<…>`, of the carrier for what torch has no dtype for.

    Raises RamielError for what is no tensor's dtype.
    """
    return DtypeAttr(StringAttr(element_types.of_numpy(dtype).torch))


def shortest(number: Any) -> bool | int | float:
    """A numpy scalar as a Python number; a float as the shortest decimal that rounds to it."""
    if isinstance(number, np.floating):
        number = cast("np.floating[Any]", number)
        decimal, exact = float(str(number)), float(number)
        # That of the largest float32 is larger than it, and torch refuses what overflows.
        beyond = abs(decimal) > abs(exact) == float(np.finfo(number.dtype).max)
        return exact if beyond else decimal
    return number.item()
