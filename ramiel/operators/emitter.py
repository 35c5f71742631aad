"""What a meaning works with: it emits torch.calls and asks what is known of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, cast

import numpy as np
from xdsl.dialects.builtin import StringAttr, UnrankedTensorType, f32
from xdsl.ir import Attribute, Operation, SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.syntax import Literal, to_attribute
from ramiel.dialects.torch import CallOp, DtypeAttr
from ramiel.errors import RamielError
from ramiel.locations import inherit_location
from ramiel.tensors import Array
from ramiel.weights import WeightStore

INLINE_ELEMENTS = 16
"""Constants of up to this many elements stand in the text; larger ones are weights."""


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
        **arguments: SSAValue | Literal | Attribute | np.dtype[Any] | None,
    ) -> SSAValue:
        """Emit a call with one result.

        Operands go by position; a keyword is an operand if it is an SSA value, else a literal; a
        numpy dtype becomes torch's.  None leaves the parameter out.  The result's type is found
        on meta tensors; `type` says what it is where that cannot be.
        """
        types = None if type is None else [type]
        return self.many(key, *operands, types=types, count=1, **arguments)[0]

    def many(
        self,
        key: str,
        *operands: SSAValue,
        count: int,
        types: Sequence[Attribute] | None = None,
        **arguments: SSAValue | Literal | Attribute | np.dtype[Any] | None,
    ) -> tuple[SSAValue, ...]:
        """Emit a call with `count` results, unpacked from a sequence if there are several."""
        keywords = {k: v for k, v in arguments.items() if isinstance(v, SSAValue)}
        literals = {
            name: self._literal(value)
            for name, value in arguments.items()
            if value is not None and not isinstance(value, SSAValue)
        }
        unknown = UnrankedTensorType(self._element(operands))
        call = CallOp(key, operands, types or [unknown] * count, literals, keywords)
        if types is None:
            # What the call itself gives is truer than a guess.
            from ramiel.operators.evaluation import infer_result_types

            inferred = infer_result_types(call)
            if inferred is not None:
                call.drop_all_references()  # a forgotten reader would stay a reader
                call = CallOp(key, operands, inferred, literals, keywords)
        inherit_location(self.op, call)
        self.emitted.append(call)
        return tuple(call.results)

    @staticmethod
    def _literal(value: Any) -> Attribute:
        if isinstance(value, np.dtype):
            return dtype_attribute(value)  # pyright: ignore[reportUnknownArgumentType]
        return to_attribute(value)

    @staticmethod
    def _element(operands: Sequence[SSAValue]) -> Attribute:
        element = tensors.element_of(operands[0].type) if operands else None
        return element or f32

    def constant(self, value: SSAValue | None) -> Array | None:
        """The operand's value if it is known when compiling, else None."""
        match value.owner if value is not None else None:
            case ConstantOp(value=dense):
                return tensors.from_dense(dense)
            case WeightOp(weight_name=name):
                return self.store[name.data]
            case _:
                return None

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


def dtype_attribute(dtype: np.dtype[Any]) -> DtypeAttr:
    """`#torch.dtype<…>`, of the carrier for what torch has no dtype for.

    Raises RamielError for what is no tensor's dtype.
    """
    return DtypeAttr(StringAttr(element_types.of_numpy(dtype).torch))


def shortest(number: Any) -> bool | int | float:
    """A numpy scalar as a Python number; a float as the shortest decimal that rounds to it."""
    if isinstance(number, np.floating):
        return float(str(cast("np.floating[Any]", number)))
    return number.item()
