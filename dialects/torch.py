"""The torch dialect: one `torch.call` is one Python expression of the generated code.

    %1 = torch.call "torch.nn.functional.conv2d"(%x, %w, bias = %b) {stride = 2} : (…) -> tensor<…>

The callee is a key of a closed registry (`ramiel.operators.registry`): any other string does not
verify, so a text can never name code of its own.  Sizes that are known at run time only are
integers, which stand in brackets; `#torch.size<0>` in a literal, or `$0` in an index, is the place
of the first:

    %2 = torch.call "Tensor.reshape"(%x)[%n] {shape = [#torch.size<0>, -1, 12]} : (…, index) -> …

`torch.if`, `torch.for` and `torch.while` hold regions of calls: see
`ramiel.dialects.torch_control`.  `torch.prepare` is a call on weights that runs once, when the
model is loaded.
`torch.function` and `torch.invoke` say a block that occurs several times once: see
`ramiel.dialects.torch_function`.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, Self

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FloatAttr,
    IndexType,
    IntAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Dialect, Operation, ParametrizedAttribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    opt_prop_def,
    param_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, Pure
from xdsl.utils.exceptions import VerifyException

from ramiel import element_types
from ramiel.dialects import syntax
from ramiel.dialects.dataflow import ConstantOp, Immediate, WeightOp
from ramiel.dialects.syntax import Literal
from ramiel.dialects.torch_control import ForOp, IfOp, WhileOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.operators.callee import Callee


@irdl_attr_definition
class DtypeAttr(ParametrizedAttribute):
    """A torch dtype: `#torch.dtype<float32>`."""

    name = "torch.dtype"
    dtype: StringAttr = param_def()

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            begin = parser.pos
            name = parser.parse_identifier()
        if name not in {element.torch for element in element_types.ELEMENT_TYPES}:
            parser.raise_error(f"torch has no dtype {name!r}", begin)
        return [StringAttr(name)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.dtype.data)


@irdl_attr_definition
class SizeAttr(ParametrizedAttribute):
    """The place of an integer operand in a literal: `#torch.size<0>` is the first."""

    name = "torch.size"
    position: IntAttr = param_def()

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            return [IntAttr(parser.parse_integer(allow_boolean=False, allow_negative=False))]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(str(self.position.data))


def size_positions(literal: Attribute) -> set[int]:
    """Which integer operands have a place in a literal."""
    match literal:
        case SizeAttr(position=position):
            return {position.data}
        case ArrayAttr(data=data):
            return {position for item in data for position in size_positions(item)}
        case StringAttr(data=text):
            return {int(digits) for digits in INDEX_SIZE.findall(text)}
        case _:
            return set()


INDEX_SIZE = re.compile(r"\$(\d+)")
"""The place of an integer operand in an index: `$0`."""
INDEX = re.compile(r"\.\.\.|\$\d+|(-?\d+|\$\d+)?:(-?\d+|\$\d+)?(:-?\d+)?")
"""An entry of an index that is text: all that is left, a slice, or places of integers in them."""


def texts_of(literal: Attribute) -> list[str]:
    """The texts in a literal."""
    match literal:
        case ArrayAttr(data=data):
            return [text for item in data for text in texts_of(item)]
        case StringAttr(data=text):
            return [text]
        case _:
            return []


class CalleeEffects(MemoryEffect):
    """No effects if the callee is pure; a write, which keeps order and count, if it is random."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        assert isinstance(op, CalleeOperation)
        return set() if op.callee.pure else {EffectInstance(MemoryEffectKind.WRITE)}


class CalleeOperation(IRDLOperation, ABC):
    """What names a registered callee: operands by position and keyword, integers, literals."""

    key = prop_def(StringAttr)
    keywords = prop_def(ArrayAttr[StringAttr])
    literals = prop_def(DictionaryAttr)
    size_count = opt_prop_def(IntegerAttr)
    arguments = var_operand_def()
    outcomes = var_result_def()

    def __init__(
        self,
        key: str,
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        literals: Mapping[str, Attribute | Literal] | None = None,
        keywords: Mapping[str, SSAValue] | None = None,
        sizes: Sequence[SSAValue] = (),
    ) -> None:
        keywords = keywords or {}
        super().__init__(
            operands=[[*operands, *keywords.values(), *sizes]],
            result_types=[result_types],
            properties={
                "key": StringAttr(key),
                "keywords": ArrayAttr([StringAttr(name) for name in keywords]),
                "literals": DictionaryAttr(
                    {k: syntax.to_attribute(v) for k, v in (literals or {}).items()}
                ),
                "size_count": IntegerAttr(len(sizes), i64) if sizes else None,
            },
        )

    @property
    def callee(self) -> Callee:
        """The registry's entry.  Raises VerifyException if there is none."""
        from ramiel.operators.registry import find_callee

        callee = find_callee(self.key.data)
        if callee is None:
            raise VerifyException(f'"{self.key.data}" is not a registered callee')
        return callee

    @property
    def positional(self) -> Sequence[SSAValue]:
        """The operands that are given by position."""
        operands = self.operands
        return operands[: len(operands) - len(self.keywords) - self._count_of_sizes]

    @property
    def sizes(self) -> Sequence[SSAValue]:
        """The integers that have their places in literals."""
        operands = self.operands
        return operands[len(operands) - self._count_of_sizes :]

    @property
    def _count_of_sizes(self) -> int:
        count = self.size_count
        return count.value.data if count is not None else 0

    @property
    def by_keyword(self) -> dict[str, SSAValue]:
        """The operands that are given by keyword."""
        names = [name.data for name in self.keywords]
        if not names:
            return {}
        first = len(self.positional)
        return dict(zip(names, self.operands[first : first + len(names)], strict=True))

    def bind(self) -> dict[str, Any]:
        """What each parameter gets: an operand, operands, or an attribute."""
        try:
            return self.callee.bind(self.positional, self.by_keyword, self.literals.data)
        except TypeError as error:
            raise VerifyException(str(error)) from None

    def literal(self, name: str) -> Any:
        """The literal that a parameter gets, else its default in the signature."""
        if name in self.literals.data:
            return syntax.to_literal(self.literals.data[name])
        default = self.callee.parameters[name].default
        return None if default is self.callee.parameters[name].empty else default

    def print(self, printer: Printer) -> None:
        names = [None] * len(self.positional) + [name.data for name in self.keywords]

        def print_argument(argument: tuple[str | None, SSAValue]) -> None:
            name, value = argument
            if name is not None:
                printer.print_string(f"{name} = ")
            printer.print_ssa_value(value)

        printer.print_string(" ")
        printer.print_string_literal(self.key.data)
        with printer.in_parens():
            printer.print_list(list(zip(names, self.operands, strict=False)), print_argument)
        if self.sizes:
            with printer.in_square_brackets():
                printer.print_list(self.sizes, printer.print_ssa_value)
        syntax.print_dictionary(printer, self.literals.data)
        syntax.print_signature(printer, self.operands, self.results)
        syntax.print_discardable(printer, self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        def parse_argument() -> tuple[str | None, UnresolvedOperand]:
            name = parser.parse_optional_identifier()
            if name is not None:
                parser.parse_punctuation("=")
            return name, parser.parse_unresolved_operand()

        start = parser.pos
        key = parser.parse_str_literal()
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_argument)
        sizes = parser.parse_optional_comma_separated_list(
            parser.Delimiter.SQUARE, parser.parse_unresolved_operand
        )
        literals = parser.parse_optional_attr_dict()
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        given = [*(value for _, value in arguments), *(sizes or ())]
        operands = parser.resolve_operands(given, types, parser.pos)
        names = [name for name, _ in arguments if name is not None]
        count, end = len(arguments) - len(names), len(arguments)
        op = cls(
            key,
            operands[:count],
            [type for type in results if type is not None],
            literals,
            dict(zip(names, operands[count:end], strict=True)),
            operands[end:],
        )
        op.attributes.update(discardable)
        try:
            op.bind()
        except VerifyException as error:
            # Said here, and not by the verifier, the message shows the line.
            parser.raise_error(str(error), start)
        return op

    def verify_(self) -> None:
        self.bind()
        for name, value in self.literals.data.items():
            if not _is_literal(value):
                raise VerifyException(f"{name} is no literal: {value}")
        if not all(isinstance(size.type, IndexType) for size in self.sizes):
            raise VerifyException("what stands in brackets is of the type index")
        if self.sizes and size_positions(ArrayAttr(self.literals.data.values())) != set(
            range(len(self.sizes))
        ):
            raise VerifyException("each integer has its place in a literal")
        for text in self._indices():
            if not INDEX.fullmatch(text):
                raise VerifyException(f"no index: {text!r}")

    def _indices(self) -> list[str]:
        """The texts that are printed as they are, between brackets or with integers in them."""
        literals = self.literals.data
        names = [name for name in self.callee.index_parameters if name in literals]
        texts = [text for name in names for text in texts_of(literals[name])]
        if self.sizes:
            everywhere = texts_of(ArrayAttr(literals.values()))
            texts += [text for text in everywhere if INDEX_SIZE.search(text)]
        return texts


def _is_literal(value: Attribute) -> bool:
    match value:
        case ArrayAttr(data=items):
            return all(map(_is_literal, items))
        case DictionaryAttr(data=items):
            return all(map(_is_literal, items.values()))
        case _:
            return isinstance(value, LITERALS)


LITERALS = (UnitAttr, IntegerAttr, FloatAttr, StringAttr, DtypeAttr, SizeAttr)
"""What a callee can be given besides operands, or lists of these."""


@irdl_op_definition
class CallOp(CalleeOperation):
    """A call, run each time that the model is."""

    name = "torch.call"
    traits = traits_def(CalleeEffects())


@irdl_op_definition
class PrepareOp(CalleeOperation):
    """A call on weights alone, run once, when the model is loaded: a kernel's own layout, say."""

    name = "torch.prepare"
    traits = traits_def(Pure(), Immediate())

    @property
    def weight(self) -> WeightOp:
        """The weight that is prepared: the first operand."""
        owner = self.operands[0].owner
        assert isinstance(owner, WeightOp)
        return owner

    def verify_(self) -> None:
        super().verify_()
        known = (isinstance(value.owner, WeightOp | ConstantOp) for value in self.operands)
        if not self.operands or not all(known):
            raise VerifyException("torch.prepare takes weights, and nothing else")
        if len(self.results) != 1:
            raise VerifyException("torch.prepare has one result")


Torch = Dialect(
    "torch",
    [CallOp, PrepareOp, IfOp, ForOp, WhileOp, FunctionOp, InvokeOp],
    [DtypeAttr, SizeAttr],
)
