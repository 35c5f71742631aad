"""Control flow of the torch dialect: regions of torch.call that print as `if`, `for` and `while`.

    %y = torch.if(%c) : (tensor<i1>) -> tensor<2xf32> then {
      dataflow.output %a : tensor<2xf32>
    } else {
      dataflow.output %b : tensor<2xf32>
    }

    %sum, %all = torch.for(_, %zero) {trips = 5}
        : (tensor<2xf32>) -> (tensor<2xf32>, !onnx.sequence<tensor<2xf32>>) do {
    ^bb0(%i : index, %s : tensor<2xf32>):
      %next = torch.call "operator.add"(%s, %x) : (…) -> tensor<2xf32>
      dataflow.output %next, %next : tensor<2xf32>, tensor<2xf32>
    }

Regions see the values around them; what they capture counts as operands of the operation.  They
end in `dataflow.output`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from xdsl.dialects.builtin import IndexType, IntegerAttr, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import RecursiveMemoryEffect
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.dataflow import OutputOp


def yielded(block: Block) -> list[SSAValue]:
    """What a region's block hands out.  Raises VerifyException if it does not end so."""
    last = block.last_op
    if not isinstance(last, OutputOp):
        raise VerifyException("a region ends in dataflow.output")
    return list(last.values)


@irdl_op_definition
class IfOp(IRDLOperation):
    """One of two regions, by a tensor of one boolean."""

    name = "torch.if"
    condition = operand_def()
    outcomes = var_result_def()
    then_region = region_def("single_block")
    else_region = region_def("single_block")
    traits = traits_def(RecursiveMemoryEffect())

    def __init__(
        self,
        condition: SSAValue,
        result_types: Sequence[Attribute],
        then_region: Region,
        else_region: Region,
    ) -> None:
        super().__init__(
            operands=[condition],
            result_types=[result_types],
            regions=[then_region, else_region],
        )

    def print(self, printer: Printer) -> None:
        syntax.print_slots(printer, self.operands)
        syntax.print_signature(printer, self.operands, self.results)
        syntax.print_discardable(printer, self.attributes)
        for word, region in (("then", self.then_region), ("else", self.else_region)):
            printer.print_string(f" {word} ")
            printer.print_region(region)

    @classmethod
    def parse(cls, parser: Parser) -> IfOp:
        begin = parser.pos
        slots = syntax.parse_slots(parser)
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        regions: list[Region] = []
        for word in ("then", "else"):
            parser.parse_keyword(word)
            regions.append(parser.parse_region())
        values = [value for value in syntax.resolve(parser, slots, types) if value is not None]
        if len(values) != 1:
            parser.raise_error("torch.if takes one condition", begin)
        op = cls(values[0], [type for type in results if type is not None], *regions)
        op.attributes.update(discardable)
        return op

    def verify_(self) -> None:
        for region in self.regions:
            if len(yielded(region.block)) != len(self.results):
                raise VerifyException("each branch hands out a value for each result")


class LoopOp(IRDLOperation):
    """What torch.for and torch.while share.

    The body's arguments are the number of the iteration and the carried values; it hands out the
    next carried values, and after them values that are collected, one for each iteration.  The
    results are the last carried values and the lists of what was collected.
    """

    limit = opt_operand_def(IndexType)
    carried = var_operand_def()
    trips = opt_prop_def(IntegerAttr)
    outcomes = var_result_def()
    body = region_def("single_block")
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(RecursiveMemoryEffect())

    CONDITIONS: ClassVar[int] = 0
    """How many of the carried values are no results: a while's condition."""

    def __init__(
        self,
        limit: SSAValue | int | None,
        carried: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        body: Region,
    ) -> None:
        """`limit`: how often at most, a value of type index, or a number; None: no limit."""
        super().__init__(
            operands=[limit if isinstance(limit, SSAValue) else None, carried],
            properties={"trips": IntegerAttr(limit, i64) if isinstance(limit, int) else None},
            result_types=[result_types],
            regions=[body],
        )

    @property
    def block(self) -> Block:
        """The body's block."""
        return self.body.block

    @property
    def index(self) -> SSAValue:
        """The number of the iteration, a Python integer."""
        return self.block.args[0]

    @property
    def state(self) -> Sequence[SSAValue]:
        """The carried values as the body sees them."""
        return self.block.args[1:]

    @property
    def next_state(self) -> list[SSAValue]:
        """The carried values that the body hands to the next iteration."""
        return yielded(self.block)[: len(self.carried)]

    @property
    def collected(self) -> list[SSAValue]:
        """What each iteration adds to the lists."""
        return yielded(self.block)[len(self.carried) :]

    @property
    def final_state(self) -> Sequence[SSAValue]:
        """The results that are carried values."""
        return self.results[: len(self.carried) - self.CONDITIONS]

    @property
    def lists(self) -> Sequence[SSAValue]:
        """The results that are lists."""
        return self.results[len(self.carried) - self.CONDITIONS :]

    @property
    def count(self) -> int | None:
        """The limit, if it is known when compiling."""
        return None if self.trips is None else self.trips.value.data

    def print(self, printer: Printer) -> None:
        syntax.print_slots(printer, [self.limit, *self.carried])
        syntax.print_dictionary(printer, {} if self.trips is None else {"trips": self.trips})
        syntax.print_signature(printer, self.operands, self.results)
        syntax.print_discardable(printer, self.attributes)
        printer.print_string(" do ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        begin = parser.pos
        slots = syntax.parse_slots(parser)
        trips = parser.parse_optional_attr_dict().get("trips")
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        parser.parse_keyword("do")
        body = parser.parse_region()
        if not slots:
            parser.raise_error("a loop's first operand is its limit, or _", begin)
        limit, *carried = syntax.resolve(parser, slots, types)
        number = trips.value.data if isinstance(trips, IntegerAttr) else None
        op = cls(
            number if limit is None else limit,
            [value for value in carried if value is not None],
            [type for type in results if type is not None],
            body,
        )
        op.attributes.update(discardable)
        return op

    def verify_(self) -> None:
        if len(self.carried) < self.CONDITIONS:
            raise VerifyException("a while needs a condition")
        if self.limit is not None and self.trips is not None:
            raise VerifyException("the limit is either an operand or a number")
        if len(self.block.args) != 1 + len(self.carried):
            raise VerifyException("the body takes the index and the carried values")
        if not isinstance(self.index.type, IndexType):
            raise VerifyException("the body's first argument is an index")
        if len(yielded(self.block)) != len(self.results) + self.CONDITIONS:
            raise VerifyException("the body hands out the carried values and what is collected")


@irdl_op_definition
class ForOp(LoopOp):
    """A loop whose number of iterations is known when it begins."""

    name = "torch.for"

    def verify_(self) -> None:
        super().verify_()
        if self.limit is None and self.trips is None:
            raise VerifyException("a for needs its number of iterations")


@irdl_op_definition
class WhileOp(LoopOp):
    """A loop that runs while its first carried value, a tensor of one boolean, is true."""

    name = "torch.while"
    CONDITIONS: ClassVar[int] = 1


RegionOp = IfOp | LoopOp


def is_region_op(op: Operation) -> bool:
    """Whether the operation is control flow."""
    return isinstance(op, IfOp | LoopOp)
