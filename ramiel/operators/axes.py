"""Over which axes a reduction goes."""

from __future__ import annotations

from math import prod

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter


class Axes:
    """The axes of a reduction: an attribute, or an operand from opset 18 (ReduceSum: 13) on."""

    def __init__(self, op: OnnxOperation, emit: Emitter) -> None:
        self.emit = emit
        self.x = op.input(0)
        self.keepdim = bool(op.integer("keepdims", 1))
        self.dims: list[int] = []
        """The axes as the model says them; none: all of them."""
        self.run_time: SSAValue | None = None
        """The axes if they are not known when compiling."""
        named = "noop_with_empty_axes" in op.SCHEMA.attributes
        self.may_be_none = named and op.integer("noop_with_empty_axes", 0) != 0
        if "axes" in op.SCHEMA.attributes:
            self.dims = op.integers("axes") or []
        else:
            self._read(op.optional_input(1))
        self.none = self.may_be_none and not self.dims and self.run_time is None
        """No axis is reduced: empty axes do not stand for all of them."""

    def _read(self, axes: SSAValue | None) -> None:
        if axes is None or self.emit.shape(axes) == (0,):
            return
        if self.emit.constant(axes) is not None:
            self.dims = self.emit.integers(axes, "axes") or []
        elif self.may_be_none and self.emit.shape(axes) is None:
            self.emit.refuse("needs a known number of axes")
        else:
            self.run_time = axes

    @property
    def explicit(self) -> list[int]:
        """The axes counted from 0, in order.  Raises Unsupported if the rank is not known."""
        rank = self.emit.rank(self.x)
        return sorted({dim % rank for dim in self.dims}) if self.dims else list(range(rank))

    @property
    def count(self) -> int:
        """How many elements become one.  Raises Unsupported if that is not known."""
        shape = self.emit.shape(self.x)
        if shape is None or self.run_time is not None:
            self.emit.refuse("needs an input of known shape and constant axes")
        return prod(shape[dim] for dim in self.explicit)

    @property
    def result_shape(self) -> list[int] | None:
        """The shape of the result, None if it is not known."""
        shape = self.emit.shape(self.x)
        if shape is None or self.run_time is not None:
            return None
        reduced = set(self.explicit)
        if self.keepdim:
            return [1 if axis in reduced else size for axis, size in enumerate(shape)]
        return [size for axis, size in enumerate(shape) if axis not in reduced]
