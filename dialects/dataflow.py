"""The dataflow dialect: a graph of operations on tensors, in topological order.

dataflow.graph @tiny(%x : tensor<1x4xf32>) -> (tensor<1x4xf32>)
    attributes {weights = "tiny.onnx", opset = {ai.onnx = 17}} {
  %w = dataflow.weight "linear.weight" : tensor<4x4xf32>
  %0 = onnx.MatMul(%x, %w) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  dataflow.output %0 : tensor<1x4xf32>
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, StringAttr
from xdsl.ir import Attribute, Block, Dialect, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
    NoMemoryEffect,
    OpTrait,
    Pure,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.fault import Fault
from ramiel.dialects.program import ProgramOperation, WeightsAttr


class Immediate(OpTrait):
    """The operation's value exists before the program runs: it costs nothing, and each reader may
    have a copy of its own."""


@irdl_op_definition
class GraphOp(ProgramOperation):
    """A model: tensors in, tensors out, no order but that of the data."""

    name = "dataflow.graph"
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    @property
    def output(self) -> OutputOp:
        """The terminator, which holds the model's outputs."""
        last = self.block.last_op
        assert isinstance(last, OutputOp)
        return last

    def verify_(self) -> None:
        last = self.block.last_op
        if not isinstance(last, OutputOp):
            raise VerifyException("a graph ends in dataflow.output")
        if tuple(last.operand_types) != tuple(self.function_type.outputs):
            raise Fault(last, "dataflow.output does not match the graph's result types")
        verify_topological_order(self.block, set())


def verify_topological_order(block: Block, known: set[SSAValue]) -> None:
    """Check that every operation stands after the operations whose results it reads.

    xDSL's own verifier does not.  Raises VerifyException naming the operation.
    """
    known = known | set(block.args)
    for op in block.ops:
        for operand in op.operands:
            if operand not in known:
                raise Fault(op, f"{syntax.name_of(op)} reads a value that is not defined before it")
        for region in op.regions:
            for inner in region.blocks:
                verify_topological_order(inner, known)
        known.update(op.results)


@irdl_op_definition
class WeightOp(IRDLOperation):
    """A tensor of the graph's weights file, by name.

    `%w = dataflow.weight "features.0.weight" : tensor<96x3x7x7xf32>`
    """

    name = "dataflow.weight"
    weight_name = prop_def(StringAttr)
    result = result_def()
    traits = traits_def(Pure(), Immediate())

    def __init__(self, weight_name: str, type: Attribute) -> None:
        super().__init__(result_types=[type], properties={"weight_name": StringAttr(weight_name)})

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_string_literal(self.weight_name.data)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)
        syntax.print_discardable(printer, self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> WeightOp:
        weight_name = parser.parse_str_literal()
        parser.parse_punctuation(":")
        op = cls(weight_name, parser.parse_type())
        op.attributes.update(syntax.parse_discardable(parser))
        return op


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A small tensor, in the text.  `%0 = dataflow.constant dense<[1, -1]> : tensor<2xi64>`"""

    name = "dataflow.constant"
    value = prop_def(DenseIntOrFPElementsAttr)
    result = result_def()
    traits = traits_def(Pure(), Immediate())

    def __init__(self, value: DenseIntOrFPElementsAttr) -> None:
        super().__init__(result_types=[value.type], properties={"value": value})

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.value)
        syntax.print_discardable(printer, self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        begin = parser.pos
        value = parser.parse_attribute()
        if not isinstance(value, DenseIntOrFPElementsAttr):
            parser.raise_error("expected dense<…> : tensor<…>", begin)
        op = cls(cast(DenseIntOrFPElementsAttr, value))
        op.attributes.update(syntax.parse_discardable(parser))
        return op

    def verify_(self) -> None:
        if self.value.type != self.result.type:
            raise VerifyException("the constant's value has another type than its result")


@irdl_op_definition
class OutputOp(IRDLOperation):
    """The results of a graph or of a region in it.  `dataflow.output %0 : tensor<4xf32>`"""

    name = "dataflow.output"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), NoMemoryEffect())

    def __init__(self, values: Sequence[SSAValue | Operation]) -> None:
        super().__init__(operands=[values])

    def print(self, printer: Printer) -> None:
        if not self.values:
            return
        printer.print_string(" ")
        printer.print_list(self.values, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(self.values.types, printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> OutputOp:
        operands = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
        )
        if not operands:
            return cls([])
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        return cls(parser.resolve_operands(operands, types, parser.pos))


Dataflow = Dialect("dataflow", [GraphOp, WeightOp, ConstantOp, OutputOp], [WeightsAttr])
