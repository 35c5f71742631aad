"""Where a size comes from: the tensor whose dimension it is first, seen through operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location
from ramiel.operators.sizes import Size, size_hint
from ramiel.tensors import Dim, dims_of
from ramiel.transforms.integers.values import Integers, is_natural
from ramiel.transforms.type_inference import constant_value
from ramiel.weights import WeightStore

SAME_SHAPE = frozenset(
    {
        *("Abs", "Cast", "Ceil", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid"),
        *("HardSwish", "Identity", "LayerNormalization", "LeakyRelu", "Log", "LogSoftmax", "Neg"),
        *("Not", "Reciprocal", "Relu", "Sigmoid", "Softmax", "Softplus", "Sqrt", "Tanh"),
        *("BatchNormalization", "InstanceNormalization", "DequantizeLinear", "QuantizeLinear"),
    }
)
"""Operators whose first result has the shape of their first operand."""
BROADCASTING = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Equal", "Where", "Greater", "Less"})
KEEPS_BATCH = frozenset(
    {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ConvTranspose"}
)


MAX_DEPTH = 30
"""How many broadcasts one after the other are looked through."""

Place: TypeAlias = "tuple[SSAValue, int]"
"""A tensor and a dimension of it, counted from 0."""


class Sizes:
    """The sizes that a graph reads, each once, right where the tensor is computed.

    `integers` are the small tensors of integers that are known so far.
    """

    def __init__(self, integers: Mapping[SSAValue, Integers | None], store: WeightStore) -> None:
        self.integers = integers
        self.store = store
        self.read: dict[Place, SSAValue] = {}
        self.traced: dict[Place, Size | Place] = {}

    def of(self, value: SSAValue, axis: int) -> Size:
        """The size of a dimension, counted from 0: `x.shape[axis]`, where x is its source."""
        source = self._trace(value, axis)
        return self._read(*source) if isinstance(source, tuple) else source

    def _trace(self, value: SSAValue, axis: int, depth: int = 0) -> Size | Place:
        """The size if it is known, else the tensor that it is first a size of."""
        start = (value, axis)
        if start not in self.traced:
            self.traced[start] = self._follow(value, axis, depth)
        return self.traced[start]

    def _follow(self, value: SSAValue, axis: int, depth: int) -> Size | Place:
        while True:
            dims = dims_of(value.type)
            dim = dims[axis] if dims is not None else ""
            if isinstance(dim, int):
                return dim
            step = self._step(value, axis, depth)
            if step is None:
                return value, axis
            if not isinstance(step, tuple):
                return step
            value, axis = step

    def _step(self, value: SSAValue, axis: int, depth: int) -> Place | Size | None:
        """An operand and the dimension of it that has the same size, or the size itself."""
        op = value.owner
        if not isinstance(op, OnnxOperation) or op.domain or value is not op.results[0]:
            return None
        if op.operator in SAME_SHAPE:
            return (op.input(0), axis)
        if op.operator in KEEPS_BATCH:
            return (op.input(0), 0) if axis == 0 else None
        if op.operator in BROADCASTING:
            return self._broadcast(op, value, axis, depth)
        if op.operator == "MatMul":
            return self._product(op, value, axis, depth)
        if op.operator == "Range":
            return self._range(op)
        if op.operator in ("Reshape", "Expand", "ConstantOfShape"):
            sizes = self.integers.get(op.operands[-1])
            size = sizes.elements[axis] if sizes is not None else None
            return size if isinstance(size, SSAValue) else _reshape(op, value, axis)
        return _STEPS[op.operator](op, value, axis) if op.operator in _STEPS else None

    def _broadcast(
        self, op: OnnxOperation, value: SSAValue, axis: int, depth: int
    ) -> Place | Size | None:
        """What all operands that are not of size 1 there agree on."""
        rank = len(dims_of(value.type) or ())
        found: list[Place] = []
        for operand in op.operands:
            dims = dims_of(operand.type)
            if dims is None or not rank or len(dims) > rank:
                return None
            place = axis - rank + len(dims)
            if place >= 0 and dims[place] != 1:
                found.append((operand, place))
        if len(found) == 1:
            return found[0]
        if depth == MAX_DEPTH:
            return None
        sources = {self._trace(*place, depth + 1) for place in found}
        return sources.pop() if len(sources) == 1 else None

    def _product(
        self, op: OnnxOperation, value: SSAValue, axis: int, depth: int
    ) -> Place | Size | None:
        """A product of matrices has the rows of the first and the columns of the second."""
        ranks = [len(dims_of(operand.type) or ()) for operand in op.operands]
        rank = len(dims_of(value.type) or ())
        if min(ranks) < 2:
            return None
        if axis >= rank - 2:
            operand = axis - rank + 2
            return (op.input(operand), ranks[operand] - 2 + operand)
        return self._broadcast(op, value, axis, depth)

    def _range(self, op: OnnxOperation) -> Size | None:
        """Range(0, n, 1) has the size n."""
        limit = self.integers.get(op.input(1))
        start, delta = (constant_value(op.input(index), self.store) for index in (0, 2))
        if limit is None or start is None or delta is None or start != 0 or delta != 1:
            return None
        return limit.elements[0] if is_natural(limit.elements[0]) else None

    def _read(self, value: SSAValue, axis: int) -> SSAValue:
        if (value, axis) not in self.read:
            call = CallOp("integer.size", [value], [IndexType()], {"dim": axis})
            owner = value.owner
            if isinstance(owner, Operation):
                inherit_location(owner, call)
                Rewriter.insert_op(call, InsertPoint.after(owner))
            else:
                Rewriter.insert_op(call, InsertPoint.at_start(owner))
            [size] = call.results
            name = (dims_of(value.type) or {axis: ""})[axis]
            size.name_hint = size_hint(value, axis, str(name))
            self.read[value, axis] = size
        return self.read[value, axis]


def _reshape(op: OnnxOperation, value: SSAValue, axis: int) -> Place | None:
    """Dimensions of size 1 come and go: what is left stays in order.

    A Reshape may do more, unless there is one dimension only.
    """
    operand, before, after = op.input(0), dims_of(op.input(0).type), dims_of(value.type)
    if before is None or after is None:
        return None
    old, new = ([i for i, dim in enumerate(dims) if dim != 1] for dims in (before, after))
    if len(old) != len(new) or axis not in new or (op.operator == "Reshape" and len(new) != 1):
        return None
    return (operand, old[new.index(axis)]) if op.operator != "Expand" else None


def _transpose(op: OnnxOperation, value: SSAValue, axis: int) -> Place | None:
    perm = op.integers("perm")
    return None if perm is None else (op.input(0), perm[axis])


def _gather(op: OnnxOperation, value: SSAValue, axis: int) -> Place | None:
    dims = dims_of(op.input(1).type)
    return (op.input(1), axis) if dims and op.integer("axis") == 0 and axis < len(dims) else None


def _concat(op: OnnxOperation, value: SSAValue, axis: int) -> Place | None:
    rank: list[Dim] = dims_of(value.type) or []
    if not rank or op.integer("axis", 1) % len(rank) == axis:
        return None
    return (op.input(0), axis)


_STEPS: dict[str, Callable[[OnnxOperation, SSAValue, int], Place | None]] = {
    "Unsqueeze": _reshape,
    "Squeeze": _reshape,
    "Transpose": _transpose,
    "Gather": _gather,
    "Concat": _concat,
}
