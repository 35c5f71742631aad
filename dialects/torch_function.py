"""Functions of the torch dialect: a block that occurs several times, said once.

    torch.function @layer(%x : tensor<1x8xf32>, %w : tensor<8x8xf32>) -> (tensor<1x8xf32>)
        attributes {parameters = ["dense.weight"]} {
      %y = torch.call "operator.matmul"(%x, %w) : (…) -> tensor<1x8xf32>
      dataflow.output %y : tensor<1x8xf32>
    }

    %y = torch.invoke @layer "encoder.layer.0"(%x, %w) : (…) -> tensor<1x8xf32>

The function's last arguments are its parameters.  An invocation names a module of the model, and
what it passes for a parameter is that module's weight: "encoder.layer.0.dense.weight" here.  Inside
another function the module's name goes on from that function's own.

Blocks of one wiring may have different widths: a dimension that differs is `?` in the function's
types.  A number that differs is a setting: an argument of type index between inputs and parameters,
for which each invocation has its own:

    torch.function @conv(%x : tensor<1x?x?x?xf32>, %stride : index, %w : tensor<?x?x3x3xf32>) -> (…)
        attributes {settings = ["stride"], parameters = ["weight"]} { … }
    %y = torch.invoke @conv "stem"(%x, %w)[2] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> …

Inside a function it may be a setting of that one: `[%stride]`, with its type after the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    FunctionType,
    IndexType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.dataflow import WeightOp, verify_topological_order
from ramiel.dialects.program import print_argument
from ramiel.dialects.torch_control import yielded
from ramiel.tensors import dims_of, element_of

DEEPEST = 32
"""Modules inside each other beyond this are no hierarchy that a person wrote."""


@irdl_op_definition
class FunctionOp(IRDLOperation):
    """A function of tensors, the last of which are parameters of a module."""

    name = "torch.function"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    parameters = prop_def(ArrayAttr[StringAttr])
    settings = prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        parameters: Sequence[str],
        result_types: Sequence[Attribute],
        body: Region,
        settings: Sequence[str] = (),
    ) -> None:
        """`parameters` names the last of the body's arguments, `settings` those before them."""
        types = [argument.type for argument in body.block.args]
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function_type": FunctionType.from_lists(types, list(result_types)),
                "parameters": ArrayAttr([StringAttr(parameter) for parameter in parameters]),
                "settings": ArrayAttr([StringAttr(setting) for setting in settings]),
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
        """The arguments that are neither settings nor parameters."""
        return self.block.args[: len(self.block.args) - len(self.parameters) - len(self.settings)]

    @property
    def numbers(self) -> dict[SSAValue, str]:
        """The arguments that are settings, and their names."""
        first = len(self.inputs)
        names = [name.data for name in self.settings]
        return dict(zip(self.block.args[first : first + len(names)], names, strict=True))

    @property
    def weights(self) -> dict[SSAValue, str]:
        """The arguments that are parameters, and their names."""
        arguments = self.block.args[len(self.inputs) + len(self.settings) :]
        return dict(zip(arguments, self.parameter_names, strict=True))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        with printer.in_parens():
            printer.print_list(self.block.args, partial(print_argument, printer))
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(self.function_type.outputs, printer.print_attribute)
        named = {"settings": self.settings, "parameters": self.parameters}
        given = {key: names for key, names in named.items() if names.data}
        syntax.print_discardable(printer, given | self.attributes)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> FunctionOp:
        name = parser.parse_symbol_name().data
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_punctuation("->")
        results = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        attributes = syntax.parse_discardable(parser)
        named = {
            key: attributes.pop(key, ArrayAttr[Attribute]([])) for key in ("parameters", "settings")
        }
        op = cls(name, [], results, parser.parse_region(arguments))
        op.properties.update(named)
        op.attributes.update(attributes)
        return op

    def verify_(self) -> None:
        if len(self.parameters) + len(self.settings) > len(self.block.args):
            raise VerifyException("a function has an argument for each parameter and setting")
        if not all(isinstance(value.type, IndexType) for value in self.numbers):
            raise VerifyException("a setting is of the type index")
        if [value.type for value in yielded(self.block)] != [*self.function_type.outputs]:
            raise VerifyException("dataflow.output does not match the function's result types")
        verify_topological_order(self.block, set())


@irdl_op_definition
class InvokeOp(IRDLOperation):
    """A call of a function with the weights of one module."""

    name = "torch.invoke"
    function = prop_def(FlatSymbolRefAttrConstr)
    module = prop_def(StringAttr)
    settings = prop_def(ArrayAttr[IntegerAttr | UnitAttr])
    arguments = var_operand_def()
    outcomes = var_result_def()

    def __init__(
        self,
        function: str,
        module: str,
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        settings: Sequence[int | SSAValue] = (),
    ) -> None:
        sizes = [number for number in settings if isinstance(number, SSAValue)]
        super().__init__(
            operands=[[*operands, *sizes]],
            result_types=[result_types],
            properties={
                "function": SymbolRefAttr(function),
                "module": StringAttr(module),
                "settings": ArrayAttr(
                    [IntegerAttr(n, i64) if isinstance(n, int) else UnitAttr() for n in settings]
                ),
            },
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

    @property
    def sizes(self) -> Sequence[SSAValue]:
        """The operands that are settings of the function around."""
        count = sum(isinstance(number, UnitAttr) for number in self.settings)
        return self.operands[len(self.operands) - count :]

    @property
    def weights(self) -> Sequence[SSAValue]:
        """The operands that are parameters."""
        return self.operands[len(self.callee.inputs) : len(self.operands) - len(self.sizes)]

    @property
    def numbers(self) -> list[int | SSAValue]:
        """What the function's settings are here; a value is a setting of the function around."""
        sizes = iter(self.sizes)
        return [
            number.value.data if isinstance(number, IntegerAttr) else next(sizes)
            for number in self.settings
        ]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.function.root_reference.data)
        printer.print_string(" ")
        printer.print_string_literal(self.module.data)
        syntax.print_slots(printer, self.operands[: len(self.operands) - len(self.sizes)])

        def print_number(number: int | SSAValue) -> None:
            if isinstance(number, int):
                printer.print_string(str(number))
            else:
                printer.print_ssa_value(number)

        if self.settings.data:
            with printer.in_square_brackets():
                printer.print_list(self.numbers, print_number)
        syntax.print_signature(printer, self.operands, self.results)
        syntax.print_discardable(printer, self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> InvokeOp:
        function = parser.parse_symbol_name().data
        module = parser.parse_str_literal()
        slots = syntax.parse_slots(parser)

        def parse_number() -> int | UnresolvedOperand:
            return parser.parse_optional_unresolved_operand() or parser.parse_integer()

        found = parser.parse_optional_comma_separated_list(parser.Delimiter.SQUARE, parse_number)
        settings = found or []
        sizes = [number for number in settings if not isinstance(number, int)]
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        values = [v for v in syntax.resolve(parser, [*slots, *sizes], types) if v is not None]
        operands, rest = (
            values[: len(values) - len(sizes)],
            iter(values[len(values) - len(sizes) :]),
        )
        outcomes = [type for type in results if type is not None]
        numbers = [number if isinstance(number, int) else next(rest) for number in settings]
        op = cls(function, module, operands, outcomes, numbers)
        op.attributes.update(discardable)
        return op

    def verify_(self) -> None:
        function = self.callee
        if self.module.data.count(".") >= DEEPEST:
            raise VerifyException(f"a module is at most {DEEPEST} deep in others")
        if len(self.settings) != len(function.settings):
            raise VerifyException(f"{self.function} has {len(function.settings)} settings")
        wanted = [value.type for value in function.block.args if value not in function.numbers]
        if not all(isinstance(size.type, IndexType) for size in self.sizes):
            raise VerifyException("a setting is an integer, or of the type index")
        given = [*self.operand_types][: len(self.operands) - len(self.sizes)]
        if not are_instances(given, wanted):
            raise VerifyException(f"the operands do not match the arguments of {self.function}")
        outcomes = [*function.function_type.outputs]
        if not are_instances([result.type for result in self.results], outcomes):
            raise VerifyException(f"the results do not match those of {self.function}")
        for value, name in zip(self.weights, function.parameter_names, strict=True):
            path = f"{self.module.data}.{name}"
            if weight_name(value) != path:
                raise VerifyException(f"parameter {name!r} must be the weight {path!r}")


def weight_name(value: SSAValue) -> str | None:
    """The name of a weight, or of a parameter of the function around; None for other values."""
    owner = value.owner
    if isinstance(owner, Operation) and owner.name == "torch.prepare":
        owner = owner.operands[0].owner
    if isinstance(owner, WeightOp):
        return owner.weight_name.data
    around = owner.parent_op() if isinstance(owner, Block) else None
    return around.weights.get(value) if isinstance(around, FunctionOp) else None


def are_instances(types: Sequence[Attribute], of: Sequence[Attribute]) -> bool:
    """Whether values of `types` may be given where the function has the types `of`."""
    return len(types) == len(of) and all(map(_is_instance, types, of))


def _is_instance(type: Attribute, of: Attribute) -> bool:
    mine, theirs = dims_of(type), dims_of(of)
    if type == of or mine is None or theirs is None:
        return type == of
    fits = len(mine) == len(theirs) and all(b in (a, "") for a, b in zip(mine, theirs, strict=True))
    return fits and element_of(type) == element_of(of)
