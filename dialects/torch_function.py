"""Functions of the torch dialect: a block that occurs several times, said once.

    torch.function @layer(%x : tensor<1x8xf32>, %w : tensor<8x8xf32>) -> (tensor<1x8xf32>)
        attributes {parameters = ["dense.weight"]} {
      %y = torch.call "operator.matmul"(%x, %w) : (…) -> tensor<1x8xf32>
      dataflow.output %y : tensor<1x8xf32>
    }

    %y = torch.invoke @layer "encoder.layer.0"(%x, %w) : (…) -> tensor<1x8xf32>

The function's last arguments are its parameters.  An invocation names a module of the model, and
what it passes for a parameter is that module's weight: "encoder.layer.0.dense.weight" here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    FunctionType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.dataflow import WeightOp, verify_topological_order
from ramiel.dialects.program import print_argument
from ramiel.dialects.torch_control import yielded


@irdl_op_definition
class FunctionOp(IRDLOperation):
    """A function of tensors, the last of which are parameters of a module."""

    name = "torch.function"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    parameters = prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        parameters: Sequence[str],
        result_types: Sequence[Attribute],
        body: Region,
    ) -> None:
        """`parameters` names the last of the body's arguments."""
        types = [argument.type for argument in body.block.args]
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function_type": FunctionType.from_lists(types, list(result_types)),
                "parameters": ArrayAttr([StringAttr(parameter) for parameter in parameters]),
            },
            regions=[body],
        )

    @property
    def block(self) -> Block:
        """The block of the body."""
        return self.body.block

    @property
    def parameter_names(self) -> list[str]:
        """The names of the parameters within their module."""
        return [name.data for name in self.parameters]

    @property
    def inputs(self) -> Sequence[SSAValue]:
        """The arguments that are no parameters."""
        return self.block.args[: len(self.block.args) - len(self.parameters)]

    @property
    def weights(self) -> dict[SSAValue, str]:
        """The arguments that are parameters, and their names."""
        arguments = self.block.args[len(self.inputs) :]
        return dict(zip(arguments, self.parameter_names, strict=True))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        with printer.in_parens():
            printer.print_list(self.block.args, partial(print_argument, printer))
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(self.function_type.outputs, printer.print_attribute)
        parameters = {"parameters": self.parameters} if self.parameters.data else {}
        syntax.print_discardable(printer, parameters | self.attributes)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> FunctionOp:
        name = parser.parse_symbol_name().data
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_punctuation("->")
        results = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        attributes = syntax.parse_discardable(parser)
        names = attributes.pop("parameters", ArrayAttr[Attribute]([]))
        op = cls(name, [], results, parser.parse_region(arguments))
        op.properties["parameters"] = names
        op.attributes.update(attributes)
        return op

    def verify_(self) -> None:
        if len(self.parameters) > len(self.block.args):
            raise VerifyException("a function has an argument for each of its parameters")
        if [value.type for value in yielded(self.block)] != [*self.function_type.outputs]:
            raise VerifyException("dataflow.output does not match the function's result types")
        verify_topological_order(self.block, set())


@irdl_op_definition
class InvokeOp(IRDLOperation):
    """A call of a function with the weights of one module."""

    name = "torch.invoke"
    function = prop_def(FlatSymbolRefAttrConstr)
    module = prop_def(StringAttr)
    arguments = var_operand_def()
    outcomes = var_result_def()

    def __init__(
        self,
        function: str,
        module: str,
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> None:
        super().__init__(
            operands=[operands],
            result_types=[result_types],
            properties={"function": SymbolRefAttr(function), "module": StringAttr(module)},
        )

    @property
    def callee(self) -> FunctionOp:
        """The function.  Raises VerifyException if there is none of that name."""
        found = SymbolTable.lookup_symbol(self, self.function)
        if not isinstance(found, FunctionOp):
            raise VerifyException(f"no torch.function {self.function}")
        return found

    @property
    def inputs(self) -> Sequence[SSAValue]:
        """The operands that are no parameters."""
        return self.operands[: len(self.callee.inputs)]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.function.root_reference.data)
        printer.print_string(" ")
        printer.print_string_literal(self.module.data)
        syntax.print_slots(printer, self.operands)
        syntax.print_signature(printer, self.operands, self.results)
        syntax.print_discardable(printer, self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> InvokeOp:
        function = parser.parse_symbol_name().data
        module = parser.parse_str_literal()
        slots = syntax.parse_slots(parser)
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        operands = [value for value in syntax.resolve(parser, slots, types) if value is not None]
        op = cls(function, module, operands, [type for type in results if type is not None])
        op.attributes.update(discardable)
        return op

    def verify_(self) -> None:
        function = self.callee
        if [*self.operand_types] != [*function.function_type.inputs]:
            raise VerifyException(f"the operands do not match the arguments of {self.function}")
        if [result.type for result in self.results] != [*function.function_type.outputs]:
            raise VerifyException(f"the results do not match those of {self.function}")
        passed = self.operands[len(function.inputs) :]
        for value, name in zip(passed, function.parameter_names, strict=True):
            wanted = f"{self.module.data}.{name}"
            weight = value.owner
            if not isinstance(weight, WeightOp) or weight.weight_name.data != wanted:
                raise VerifyException(f"parameter {name!r} must be the weight {wanted!r}")
