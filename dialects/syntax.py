"""The terse text that all dialects of Ramiel share.

`op(%a, _, %b) {name = 1, list = [2, 2]} : (type, type) -> type attributes {cost = [3]}`

An underscore stands for an optional operand or result that is absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

Literal: TypeAlias = bool | int | float | str | Sequence["Literal"] | Mapping[str, "Literal"] | None
"""The Python values that an attribute can hold as data."""


def to_attribute(value: Literal | Attribute) -> Attribute:
    """The attribute that holds a Python literal: integers as i64, floats as f64."""
    match value:
        case Attribute():
            return value
        case None:
            return UnitAttr()
        case bool():
            return IntegerAttr(int(value), i1)
        case int():
            return IntegerAttr(value, i64)
        case float():
            return FloatAttr(value, f64)
        case str():
            return StringAttr(value)
        case Mapping():
            return DictionaryAttr({key: to_attribute(item) for key, item in value.items()})
        case _:
            return ArrayAttr([to_attribute(item) for item in value])


def to_literal(attribute: Attribute) -> Literal:
    """The Python literal in an attribute: the inverse of `to_attribute`.

    Raises TypeError for an attribute that holds no literal.
    """
    match attribute:
        case UnitAttr():
            return None
        case IntegerAttr(value=value, type=type):
            return bool(value.data) if type == i1 else value.data
        case FloatAttr(value=value):
            return value.data
        case StringAttr(data=data):
            return data
        case ArrayAttr(data=data):
            return [to_literal(item) for item in data]
        case DictionaryAttr(data=data):
            return {key: to_literal(item) for key, item in data.items()}
        case _:
            raise TypeError(f"no literal: {attribute}")


def print_attribute(printer: Printer, attribute: Attribute) -> None:
    """Print an attribute; i64 and finite f64 without their type, which the parser assumes."""
    match attribute:
        case IntegerAttr(value=value, type=type) if type == i64:
            printer.print_string(str(value.data))
        case FloatAttr(value=value, type=type) if type == f64 and math.isfinite(value.data):
            text = repr(value.data)
            # MLIR wants a point in the mantissa: 1e-05 is not a float there.
            mantissa, exponent, power = text.partition("e")
            if "." not in mantissa:
                mantissa += ".0"
            printer.print_string(mantissa + exponent + power)
        case ArrayAttr(data=data):
            with printer.in_square_brackets():
                printer.print_list(data, lambda item: print_attribute(printer, item))
        case DictionaryAttr(data=data):
            _print_entries(printer, data)
        case _:
            printer.print_attribute(attribute)


def _print_entries(printer: Printer, attributes: Mapping[str, Attribute]) -> None:
    def print_entry(item: tuple[str, Attribute]) -> None:
        key, value = item
        printer.print_identifier_or_string_literal(key)
        if not isinstance(value, UnitAttr):
            printer.print_string(" = ")
            print_attribute(printer, value)

    with printer.in_braces():
        printer.print_list(attributes.items(), print_entry)


def print_dictionary(printer: Printer, attributes: Mapping[str, Attribute]) -> None:
    """Print ` {key = value, …}`, nothing if there are no attributes."""
    if attributes:
        printer.print_string(" ")
        _print_entries(printer, attributes)


def print_discardable(printer: Printer, attributes: Mapping[str, Attribute]) -> None:
    """Print ` attributes {…}` for what passes attach to an operation: costs, marks."""
    if attributes:
        printer.print_string(" attributes")
        print_dictionary(printer, attributes)


def parse_discardable(parser: Parser) -> dict[str, Attribute]:
    """Parse what `print_discardable` prints."""
    if parser.parse_optional_keyword("attributes") is None:
        return {}
    return parser.parse_optional_attr_dict()


def print_slots(printer: Printer, slots: Sequence[SSAValue | None]) -> None:
    """Print `(%a, _, %b)`."""

    def print_slot(value: SSAValue | None) -> None:
        if value is None:
            printer.print_string("_")
        else:
            printer.print_ssa_value(value)

    with printer.in_parens():
        printer.print_list(slots, print_slot)


def parse_slots(parser: Parser) -> list[UnresolvedOperand | None]:
    """Parse `(%a, _, %b)`: None for an absent operand."""

    def parse_slot() -> UnresolvedOperand | None:
        if parser.parse_optional_keyword("_") is not None:
            return None
        return parser.parse_unresolved_operand()

    return parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_slot)


def print_signature(
    printer: Printer,
    operands: Sequence[SSAValue],
    results: Sequence[SSAValue | None],
) -> None:
    """Print ` : (types) -> type`, with `_` for an absent result."""

    def print_type(value: SSAValue | None) -> None:
        if value is None:
            printer.print_string("_")
        else:
            printer.print_attribute(value.type)

    printer.print_string(" : ")
    with printer.in_parens():
        printer.print_list(operands, print_type)
    printer.print_string(" -> ")
    if len(results) == 1:
        print_type(results[0])
        return
    with printer.in_parens():
        printer.print_list(results, print_type)


def parse_signature(parser: Parser) -> tuple[list[Attribute], list[Attribute | None]]:
    """Parse `: (types) -> type`: operand types, and result types with None for absent."""

    def parse_result() -> Attribute | None:
        if parser.parse_optional_keyword("_") is not None:
            return None
        return parser.parse_type()

    parser.parse_punctuation(":")
    operands = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
    parser.parse_punctuation("->")
    results = parser.parse_optional_comma_separated_list(parser.Delimiter.PAREN, parse_result)
    return list(operands), [parse_result()] if results is None else results


def resolve(
    parser: Parser,
    slots: Sequence[UnresolvedOperand | None],
    types: Sequence[Attribute],
) -> list[SSAValue | None]:
    """Resolve parsed operand slots against the types of those that are present."""
    present = [slot for slot in slots if slot is not None]
    if len(present) != len(types):
        begin = present[0].span if present else None
        parser.raise_error(f"expected {len(present)} operand types, got {len(types)}", begin)
    types_left = iter(types)
    return [
        None if slot is None else parser.resolve_operand(slot, next(types_left)) for slot in slots
    ]


def name_of(op: Operation) -> str:
    """The operation's name for messages: its location if it has one."""
    from ramiel.locations import node_name

    return node_name(op) or op.name
