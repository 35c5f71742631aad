"""Where a size comes from: the tensor whose dimension it is first, seen through operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location
from ramiel.operators.sizes import Size, size_hint
from ramiel.tensors import Dim, dims_of
from ramiel.transforms.integers.values import Integers

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


class Sizes:
    """The sizes that a graph reads, each once, right where the tensor is computed.

    `integers` are the small tensors of integers that are known so far.
    """

    def __init__(self, integers: Mapping[SSAValue, Integers | None]) -> None:
        self.integers = integers
        self.read: dict[tuple[SSAValue, int], SSAValue] = {}

    def of(self, value: SSAValue, axis: int) -> Size:
        """The size of a dimension, counted from 0: `x.shape[axis]`, where x is its source."""
        while True:
            dims = dims_of(value.type)
            dim = dims[axis] if dims is not None else ""
            if isinstance(dim, int):
                return dim
            step = _step(value, axis, self.integers)
            if step is None:
                return self._read(value, axis, dim)
            if not isinstance(step, tuple):
                return step
            value, axis = step

    def _read(self, value: SSAValue, axis: int, name: str) -> SSAValue:
        if (value, axis) not in self.read:
            call = CallOp("integer.size", [value], [IndexType()], {"dim": axis})
            owner = value.owner
            if isinstance(owner, Operation):
                inherit_location(owner, call)
                Rewriter.insert_op(call, InsertPoint.after(owner))
            else:
                Rewriter.insert_op(call, InsertPoint.at_start(owner))
            [size] = call.results
            size.name_hint = size_hint(value, axis, name)
            self.read[value, axis] = size
        return self.read[value, axis]


def _step(
    value: SSAValue, axis: int, integers: Mapping[SSAValue, Integers | None]
) -> tuple[SSAValue, int] | Size | None:
    """An operand and the dimension of it that has the same size, or the size itself."""
    op = value.owner
    if not isinstance(op, OnnxOperation) or op.domain or value is not op.results[0]:
        return None
    if op.operator in SAME_SHAPE:
        return (op.input(0), axis)
    if op.operator in KEEPS_BATCH:
        return (op.input(0), 0) if axis == 0 else None
    if op.operator in BROADCASTING:
        return _broadcast(op, value, axis)
    if op.operator in _STEPS:
        return _STEPS[op.operator](op, value, axis)
    if op.operator == "Reshape" and len(op.operands) == 2:
        sizes = integers.get(op.input(1))
        size = sizes.elements[axis] if sizes is not None else -1
        return size if isinstance(size, SSAValue) else None
    return None


def _broadcast(op: OnnxOperation, value: SSAValue, axis: int) -> tuple[SSAValue, int] | None:
    """The only operand that is not of size 1 there."""
    rank = len(dims_of(value.type) or ())
    found: list[tuple[SSAValue, int]] = []
    for operand in op.operands:
        dims = dims_of(operand.type)
        if dims is None or not rank or len(dims) > rank:
            return None
        place = axis - rank + len(dims)
        if place >= 0 and dims[place] != 1:
            found.append((operand, place))
    return found[0] if len(found) == 1 else None


def _transpose(op: OnnxOperation, value: SSAValue, axis: int) -> tuple[SSAValue, int] | None:
    perm = op.integers("perm")
    return None if perm is None else (op.input(0), perm[axis])


def _gather(op: OnnxOperation, value: SSAValue, axis: int) -> tuple[SSAValue, int] | None:
    dims = dims_of(op.input(1).type)
    return (op.input(1), axis) if dims and op.integer("axis") == 0 and axis < len(dims) else None


def _matmul(op: OnnxOperation, value: SSAValue, axis: int) -> tuple[SSAValue, int] | None:
    """A product with a matrix keeps all but the last dimension."""
    rows, matrix = dims_of(op.input(0).type), dims_of(op.input(1).type)
    if rows is None or matrix is None or len(matrix) != 2 or axis >= len(rows) - 1:
        return None
    return (op.input(0), axis)


def _concat(op: OnnxOperation, value: SSAValue, axis: int) -> tuple[SSAValue, int] | None:
    rank: list[Dim] = dims_of(value.type) or []
    if not rank or op.integer("axis", 1) % len(rank) == axis:
        return None
    return (op.input(0), axis)


_STEPS: dict[str, Callable[[OnnxOperation, SSAValue, int], tuple[SSAValue, int] | None]] = {
    "Transpose": _transpose,
    "Gather": _gather,
    "MatMul": _matmul,
    "Concat": _concat,
}
