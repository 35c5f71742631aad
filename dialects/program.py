"""What dataflow.graph and task.program share: a named function with weights in a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    StringAttr,
    SymbolNameConstraint,
)
from xdsl.ir import Attribute, Block, BlockArgument, Data, Region
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    opt_prop_def,
    prop_def,
    region_def,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer

from ramiel.dialects import syntax
from ramiel.weights import WeightStore


@irdl_attr_definition
class WeightsAttr(Data[WeightStore]):
    """The file that the weights of a graph are in, relative to the file of the IR."""

    name = "dataflow.weights"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> WeightStore:
        with parser.in_angle_brackets():
            begin = parser.pos
            return open_store(parser, parser.parse_str_literal(), begin)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.data.path)


def open_store(parser: AttrParser, path: str, begin: int) -> WeightStore:
    """A store for a file beside the file being parsed; a path that leaves the folder is refused.

    begin: where the text names the path.
    """
    if Path(path).is_absolute() or ".." in Path(path).parts:
        parser.raise_error(f'weights "{path}" must be in the folder of the .mlir file', begin)
    return WeightStore(path, Path(parser.lexer.input.name).parent)


def print_argument(printer: Printer, argument: BlockArgument) -> None:
    """Print `%x : tensor<…>`."""
    printer.print_ssa_value(argument)
    printer.print_string(" : ")
    printer.print_attribute(argument.type)


class ProgramOperation(IRDLOperation):
    """A symbol with arguments, result types, a body, and where its weights are."""

    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    weights = opt_prop_def(WeightsAttr)
    opset = opt_prop_def(DictionaryAttr)
    input_names = opt_prop_def(ArrayAttr[StringAttr])
    output_names = opt_prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")

    def __init__(
        self,
        name: str,
        function_type: FunctionType,
        body: Region | None = None,
        *,
        weights: WeightStore | None = None,
        opset: DictionaryAttr | None = None,
        input_names: ArrayAttr[StringAttr] | None = None,
        output_names: ArrayAttr[StringAttr] | None = None,
    ) -> None:
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function_type": function_type,
                "weights": WeightsAttr(weights) if weights is not None else None,
                "opset": opset,
                "input_names": input_names,
                "output_names": output_names,
            },
            regions=[body or Region(Block(arg_types=function_type.inputs))],
        )

    @property
    def block(self) -> Block:
        """The block of the body."""
        return self.body.block

    @property
    def arguments(self) -> tuple[BlockArgument, ...]:
        """The inputs, in the model's order."""
        return tuple(self.body.block.args)

    @property
    def store(self) -> WeightStore:
        """The weights; an empty store is attached if there is none yet."""
        if self.weights is None:
            self.weights = WeightsAttr(WeightStore())
        return self.weights.data

    def argument_names(self) -> list[str]:
        """The model's own names of the inputs."""
        if self.input_names is not None:
            return [name.data for name in self.input_names]
        return [arg.name_hint or f"input_{arg.index}" for arg in self.arguments]

    def result_names(self) -> list[str]:
        """The model's own names of the outputs."""
        if self.output_names is not None:
            return [name.data for name in self.output_names]
        return [f"output_{index}" for index in range(len(self.function_type.outputs))]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        with printer.in_parens():
            printer.print_list(self.arguments, partial(print_argument, printer))
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(self.function_type.outputs, printer.print_attribute)
        shown: dict[str, Attribute] = {
            key: StringAttr(value.data.path) if isinstance(value, WeightsAttr) else value
            for key, value in self.properties.items()
            if key not in ("sym_name", "function_type")
            and not (isinstance(value, WeightsAttr) and not value.data.path)
        }
        syntax.print_discardable(printer, shown | self.attributes)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser):
        name = parser.parse_symbol_name().data
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_punctuation("->")
        results = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        begin = parser.pos
        attributes = syntax.parse_discardable(parser)
        path = attributes.pop("weights", None)
        named = isinstance(path, StringAttr)
        weights = WeightsAttr(open_store(parser, path.data, begin)) if named else None
        body = parser.parse_region(arguments)
        op = cls(name, FunctionType.from_lists([a.type for a in arguments], results), body)
        op.weights = weights
        for key in ("opset", "input_names", "output_names"):
            if key in attributes:
                op.properties[key] = attributes.pop(key)
        op.attributes.update(attributes)
        return op
