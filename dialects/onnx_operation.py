"""What all operations of the onnx dialect share: syntax and typed access by position and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self, TypeVar, cast

import onnx
from onnx.defs import OpSchema
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    i32,
)
from xdsl.ir import Attribute, Region, SSAValue, TypeAttribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    AttrSizedResultSegments,
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects import syntax
from ramiel.dialects.syntax import Literal

_SEGMENTS = frozenset(
    {
        AttrSizedOperandSegments.attribute_name,
        AttrSizedResultSegments.attribute_name,
    }
)
Value = TypeVar("Value")
_SINGLE = OpSchema.FormalParameterOption.Single
_VARIADIC = OpSchema.FormalParameterOption.Variadic


def _segments(
    slots: Sequence[object | None], parameters: Sequence[OpSchema.FormalParameter]
) -> list[int]:
    """How many of the positional slots belong to each formal parameter."""
    sizes: list[int] = []
    for index, parameter in enumerate(parameters):
        if parameter.option == _VARIADIC:
            sizes.append(max(len(slots) - index, 0))
        else:
            sizes.append(int(index < len(slots) and slots[index] is not None))
    return sizes


_KINDS: dict[OpSchema.AttrType, tuple[type[Attribute], ...]] = {
    OpSchema.AttrType.INT: (IntegerAttr,),
    OpSchema.AttrType.INTS: (IntegerAttr,),
    OpSchema.AttrType.FLOAT: (FloatAttr, IntegerAttr),
    OpSchema.AttrType.FLOATS: (FloatAttr, IntegerAttr),
    OpSchema.AttrType.STRING: (StringAttr,),
    OpSchema.AttrType.STRINGS: (StringAttr,),
}
_LISTS = (OpSchema.AttrType.INTS, OpSchema.AttrType.FLOATS, OpSchema.AttrType.STRINGS)


def is_of_kind(value: Attribute, kind: OpSchema.AttrType) -> bool:
    """Whether a value is one that attributes of this kind have; a number may lack its point."""
    if kind == OpSchema.AttrType.TENSOR:
        return isinstance(value, DenseIntOrFPElementsAttr) or _is_list(value, (StringAttr,))
    if kind not in _KINDS:
        return kind == OpSchema.AttrType.TYPE_PROTO and isinstance(value, TypeAttribute)
    if kind in _LISTS:
        return _is_list(value, _KINDS[kind])
    return isinstance(value, _KINDS[kind])


def _is_list(value: Attribute, kinds: tuple[type[Attribute], ...]) -> bool:
    if not isinstance(value, ArrayAttr):
        return False
    return all(isinstance(item, kinds) for item in cast("ArrayAttr[Attribute]", value))


class OnnxOperation(IRDLOperation):
    """An ONNX operator: positional operands (None where absent), attributes and graphs."""

    SCHEMA: ClassVar[OpSchema]
    GRAPH_NAMES: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def build(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls,
        inputs: Sequence[SSAValue | None],
        outputs: Sequence[Attribute | None],
        attributes: Mapping[str, Attribute | Literal] | None = None,
        graphs: Mapping[str, Region] | None = None,
    ) -> Self:
        """Build from positional slots, as in a NodeProto: None where a name is empty.

        Raises VerifyException if there are more slots than the operator has, if one that it needs
        is missing, or if it has no such attribute.
        """
        schema = cls.SCHEMA
        for what, slots, formal in (
            ("operands", inputs, schema.inputs),
            ("results", outputs, schema.outputs),
        ):
            variadic = bool(formal) and formal[-1].option == _VARIADIC
            if len(slots) > len(formal) and not variadic:
                raise VerifyException(f"at most {len(formal)} {what}, got {len(slots)}")
            for index, parameter in enumerate(formal):
                absent = index >= len(slots) or slots[index] is None
                if parameter.option == _SINGLE and absent:
                    raise VerifyException(f"needs {what[:-1]} {index} ({parameter.name})")
        given = set(graphs or {})
        for name in (*cls.GRAPH_NAMES, *given):
            if name not in given or name not in cls.GRAPH_NAMES:
                verb = "has no" if name in given else "needs the"
                raise VerifyException(f"{verb} graph {name!r}")
        for name in attributes or {}:
            if name not in schema.attributes:
                raise VerifyException(f"has no attribute {name!r}")
        properties = {key: syntax.to_attribute(value) for key, value in (attributes or {}).items()}
        for name, value in properties.items():
            kind = schema.attributes[name].type
            if not is_of_kind(value, kind):
                text = str(kind).rpartition(".")[2]
                raise VerifyException(f"attribute {name!r} is no {text}")
        for name, slots, formal in (
            (AttrSizedOperandSegments.attribute_name, inputs, schema.inputs),
            (AttrSizedResultSegments.attribute_name, outputs, schema.outputs),
        ):
            if sum(parameter.option != _SINGLE for parameter in formal) > 1:
                sizes = _segments(slots, formal)
                properties[name] = DenseArrayBase.from_list(i32, sizes)
        regions = [(graphs or {}).get(name, Region()) for name in cls.GRAPH_NAMES]
        return cls.create(
            operands=[value for value in inputs if value is not None],
            result_types=[type for type in outputs if type is not None],
            properties=properties,
            regions=regions,
        )

    @property
    def operator(self) -> str:
        """The ONNX operator type, such as "Conv"."""
        return self.SCHEMA.name

    @property
    def domain(self) -> str:
        """The ONNX domain, "" for ai.onnx."""
        return self.SCHEMA.domain

    @property
    def version(self) -> int:
        """The opset version since which the operator has this form."""
        return self.SCHEMA.since_version

    def _sizes(
        self, name: str, count: int, parameters: Sequence[OpSchema.FormalParameter]
    ) -> list[int]:
        match self.properties.get(name):
            case DenseArrayBase() as sizes:
                return list(cast(DenseArrayBase[IntegerType], sizes).get_values())
            case _:
                left = count - sum(item.option == _SINGLE for item in parameters)
                return [1 if item.option == _SINGLE else left for item in parameters]

    def _slots(
        self,
        name: str,
        values: Sequence[Value],
        parameters: Sequence[OpSchema.FormalParameter],
    ) -> tuple[Value | None, ...]:
        slots: list[Value | None] = []
        left = iter(values)
        for size, parameter in zip(
            self._sizes(name, len(values), parameters), parameters, strict=True
        ):
            if size == 0 and parameter.option != _VARIADIC:
                slots.append(None)
            # An operation that does not verify yet may have too few values.
            slots.extend(next(left, None) for _ in range(size))
        return tuple(slots)

    @property
    def inputs(self) -> tuple[SSAValue | None, ...]:
        """One slot per formal input, None if absent; a variadic input takes as many as it has."""
        name = AttrSizedOperandSegments.attribute_name
        return self._slots(name, tuple(self.operands), self.SCHEMA.inputs)

    @property
    def outputs(self) -> tuple[SSAValue | None, ...]:
        """One slot per formal output, None if absent; a variadic output takes as many as it has."""
        name = AttrSizedResultSegments.attribute_name
        return self._slots(name, tuple(self.results), self.SCHEMA.outputs)

    def input(self, index: int) -> SSAValue:
        """The operand at a position.  Raises VerifyException if it is absent."""
        slots = self.inputs
        value = slots[index] if index < len(slots) else None
        if value is None:
            raise VerifyException(f"{self.operator} needs its input {index}")
        return value

    def optional_input(self, index: int) -> SSAValue | None:
        """The operand at a position, None if it is absent."""
        slots = self.inputs
        return slots[index] if index < len(slots) else None

    def operand(self, name: str) -> SSAValue | None:
        """The operand with the schema's name for it, None if it is absent."""
        names = [parameter.name for parameter in self.SCHEMA.inputs]
        return self.optional_input(names.index(name))

    def attribute(self, name: str) -> Literal:
        """The attribute's value, else the schema's default, else None."""
        if name in self.properties:
            return syntax.to_literal(self.properties[name])
        default = self.SCHEMA.attributes[name].default_value
        if not default.name:
            return None
        value = onnx.helper.get_attribute_value(default)
        return value.decode() if isinstance(value, bytes) else value

    def integer(self, name: str, default: int | None = None) -> int:
        """An INT attribute.  Raises VerifyException if it is missing or of another type."""
        value = self.attribute(name)
        value = default if value is None else value
        if not isinstance(value, int):
            raise VerifyException(f"{self.operator} needs an integer {name}")
        return value

    def integers(self, name: str) -> list[int] | None:
        """An INTS attribute, None if absent."""
        value = self.attribute(name)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise VerifyException(f"{self.operator} needs a list of integers {name}")
        return [item for item in value if isinstance(item, int)]

    def number(self, name: str, default: float | None = None) -> float:
        """A FLOAT attribute.  Raises VerifyException if it is missing or of another type."""
        value = self.attribute(name)
        value = default if value is None else value
        if not isinstance(value, int | float):
            raise VerifyException(f"{self.operator} needs a number {name}")
        return float(value)

    def text(self, name: str, default: str | None = None) -> str:
        """A STRING attribute.  Raises VerifyException if it is missing or of another type."""
        value = self.attribute(name)
        value = default if value is None else value
        if not isinstance(value, str):
            raise VerifyException(f"{self.operator} needs a string {name}")
        return value

    def graph(self, name: str) -> Region:
        """The region of a GRAPH attribute."""
        return self.regions[self.GRAPH_NAMES.index(name)]

    def print(self, printer: Printer) -> None:
        inputs, outputs = list(self.inputs), list(self.outputs)
        for slots in (inputs, outputs):
            while slots and slots[-1] is None:
                slots.pop()
        syntax.print_slots(printer, inputs)
        shown = {k: v for k, v in self.properties.items() if k not in _SEGMENTS}
        syntax.print_dictionary(printer, shown)
        syntax.print_signature(printer, self.operands, outputs)
        syntax.print_discardable(printer, self.attributes)
        for name, region in zip(self.GRAPH_NAMES, self.regions, strict=True):
            printer.print_string(f" {name} ")
            printer.print_region(region)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        begin = parser.pos
        slots = syntax.parse_slots(parser)
        properties = parser.parse_optional_attr_dict()
        types, results = syntax.parse_signature(parser)
        discardable = syntax.parse_discardable(parser)
        graphs: dict[str, Region] = {}
        for name in cls.GRAPH_NAMES:
            parser.parse_keyword(name)
            graphs[name] = parser.parse_region()
        inputs = syntax.resolve(parser, slots, types)
        try:
            op = cls.build(inputs, results, properties, graphs)
        except VerifyException as error:
            parser.raise_error(f"{cls.SCHEMA.name}: {error}", begin)
        op.attributes.update(discardable)
        return op


@irdl_op_definition
class CustomOp(IRDLOperation):
    """An ONNX node whose operator has no schema: it can be read and shown, not compiled."""

    name = "onnx.custom"
    domain = prop_def(StringAttr)
    op_type = prop_def(StringAttr)
    version = prop_def(IntegerAttr)
    node_attributes = prop_def(DictionaryAttr)
    values = var_operand_def()
    produced = var_result_def()
