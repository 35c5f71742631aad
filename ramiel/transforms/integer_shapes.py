"""`integer-shapes`: sizes and what is computed with them become Python integers.

    %s = onnx.Shape(%x)            %n = torch.call "integer.size"(%x) {dim = 0} : (…) -> index
    %n = onnx.Gather(%s, 0)   →    %t = torch.call "tensor_of_integers"()[%n]
    %t = onnx.Concat(%n, [12])              {values = [#torch.size<0>, 12]} : (index) -> …

Operators that take a shape read the integers out of the tensor when they are lowered; the tensor
stays for those that compute with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.shape import needs_sizes
from ramiel.operators.sizes import Size
from ramiel.tensors import Dim, dims_of, element_of, tensor_type
from ramiel.transforms.infer_shapes import infer_operation
from ramiel.transforms.integers.operators import TRANSFER, Operands
from ramiel.transforms.integers.sources import Sizes
from ramiel.transforms.integers.values import Arithmetic, Integers, bridge, constant_integers
from ramiel.transforms.result_types import refresh_result_types
from ramiel.transforms.type_inference import refined, set_type
from ramiel.weights import WeightStore

SHAPE_OPERAND = {"Reshape": 1, "Expand": 1, "ConstantOfShape": 0}
"""Operators whose result's shape is told by an operand, and which operand it is."""


@dataclass(frozen=True)
class IntegerShapes(ModulePass):
    """f(Shape(x)) == f(x.shape[0], x.shape[1], …) for the operators that exporters write there.

    Division is followed where both sides cannot be negative, floats where they are exact.
    """

    name = "integer-shapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                ShapeRewriter(graph.store).rewrite(graph.block)
                refresh_result_types(graph)


class ShapeRewriter:
    """Goes through a graph in order, knowing which values are small tensors of integers."""

    def __init__(self, store: WeightStore) -> None:
        self.store = store
        self.integers: dict[SSAValue, Integers | None] = {}
        self.sizes = Sizes(self.integers, store)

    def rewrite(self, block: Block) -> None:
        """Rewrite the operations of a block, inner blocks too."""
        for op in list(block.ops):
            for region in op.regions:
                for inner in region.blocks:
                    self.rewrite(inner)
            if isinstance(op, OnnxOperation) and not op.domain:
                self._operation(op)

    def _operation(self, op: OnnxOperation) -> None:
        infer_operation(op, self.store)
        emit = Emitter(op, self.store)
        found = None
        if op.operator in TRANSFER:
            given = Operands(op, self.sizes, self.store, Arithmetic(emit))
            with suppress(VerifyException):  # lowering says what is wrong with the attribute
                found = TRANSFER[op.operator](given)
        if found is not None:
            self._replace(op, found, emit)
            return
        _forget(emit.emitted)
        if op.operator in SHAPE_OPERAND:
            self._complete_shape(op)
        elif op.operator == "Slice" and op.version >= 10:
            self._complete_slice(op)

    def _replace(self, op: OnnxOperation, found: Integers, emit: Emitter) -> None:
        """The integers, in a tensor, take the place of the operation."""
        hint = op.results[0].name_hint
        _name_last(emit.emitted, found, hint)
        tensor = bridge(found, emit)
        tensor.name_hint = hint
        Rewriter.insert_op(emit.emitted, InsertPoint.before(op))
        op.results[0].replace_all_uses_with(tensor)
        self.integers[tensor] = found
        Rewriter.erase_op(op)

    def _complete_shape(self, op: OnnxOperation) -> None:
        """Sizes that an operator keeps are named, and the result's type is told by the sizes."""
        operand = op.input(SHAPE_OPERAND[op.operator])
        found = self.integers.get(operand) or constant_integers(operand, self.store)
        if found is None or (found.numbers is not None and not _keeps_sizes(op, found.numbers)):
            return
        emit = Emitter(op, self.store)
        sizes = list(found.elements)
        if op.operator == "Reshape":
            sizes = self._kept_by_reshape(op, sizes)
        elif op.operator == "Expand":
            sizes = self._kept_by_expand(op, sizes)
        if sizes != list(found.elements):
            completed = Integers(tuple(sizes), 1, found.dtype)
            tensor = bridge(completed, emit)
            self.integers[tensor] = completed
            op.operands = tuple(tensor if value is operand else value for value in op.operands)
        Rewriter.insert_op(emit.emitted, InsertPoint.before(op))
        if op.operator != "Expand":
            _set_dims(op, [_dim(size) for size in found.elements])

    def _complete_slice(self, op: OnnxOperation) -> None:
        """The result keeps the dimensions that are not sliced; ONNX infers its rank alone."""
        dims, axes = dims_of(op.input(0).type), op.optional_input(3)
        known = None if axes is None else constant_integers(axes, self.store)
        numbers = None if known is None else known.numbers
        if dims is None or numbers is None:
            return
        sliced = {axis % len(dims) for axis in numbers}
        _set_dims(op, ["" if axis in sliced else dim for axis, dim in enumerate(dims)])

    def _kept_by_reshape(self, op: OnnxOperation, sizes: list[Size]) -> list[Size]:
        """0 is the size of the operand's dimension."""
        dims = dims_of(op.input(0).type)
        zeros = [axis for axis, size in enumerate(sizes) if size == 0]
        allowed = "allowzero" in op.SCHEMA.attributes and op.integer("allowzero")
        if dims is None or allowed or any(axis >= len(dims) for axis in zeros):
            return sizes
        return [
            self.sizes.of(op.input(0), axis) if axis in zeros else size
            for axis, size in enumerate(sizes)
        ]

    def _kept_by_expand(self, op: OnnxOperation, sizes: list[Size]) -> list[Size]:
        """1 for a dimension that has the very size already."""
        dims = dims_of(op.input(0).type)
        if dims is None:
            return sizes
        kept: list[Size] = []
        for axis, size in enumerate(sizes):
            place = axis - len(sizes) + len(dims)
            dynamic = isinstance(size, SSAValue) and place >= 0 and isinstance(dims[place], str)
            kept.append(1 if dynamic and self.sizes.of(op.input(0), place) is size else size)
        return kept


def _keeps_sizes(op: OnnxOperation, shape: Sequence[int]) -> bool:
    """Whether a Reshape keeps dimensions of its operand that have to be named."""
    dims = dims_of(op.input(0).type)
    if op.operator != "Reshape" or dims is None:
        return False
    allowed = "allowzero" in op.SCHEMA.attributes and op.integer("allowzero")
    return not allowed and needs_sizes(dims, shape)


def _set_dims(op: OnnxOperation, sizes: list[Dim]) -> None:
    """Refine the type of a result by the sizes that it is given."""
    [result] = op.results
    element = element_of(result.type)
    if element is not None:
        dims: list[Dim] = ["" if size in (0, -1) else size for size in sizes]
        set_type(result, refined(result.type, tensor_type(element, dims)))


def _dim(size: Size) -> Dim:
    """A size as a dimension: a number, or the name of the dimension that it is of."""
    if isinstance(size, int):
        return size
    call = size.owner
    if not isinstance(call, CallOp) or call.key.data != "integer.size":
        return ""
    axis: int = call.literal("dim")
    dims = dims_of(call.operands[0].type)
    return "" if dims is None else dims[axis]


def _name_last(emitted: list[Operation], found: Integers, hint: str | None) -> None:
    """A number that was just computed is called what the tensor was called."""
    last = emitted[-1].results[0] if emitted else None
    if last is not None and last.name_hint is None and found.elements == (last,):
        last.name_hint = hint


def _forget(emitted: list[Operation]) -> None:
    for op in reversed(emitted):
        op.drop_all_references()
