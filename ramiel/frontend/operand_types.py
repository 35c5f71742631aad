"""Which types an operator takes: the type constraints of its schema (ONNX IR specification)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from onnx import NodeProto, TensorProto, TypeProto
from onnx.defs import OpSchema

from ramiel.dialects import onnx_microsoft
from ramiel.errors import RamielError

MOST_LISTED = 8
"""Types that a message lists."""


@dataclass(frozen=True)
class Formal:
    """What the schema says of an operand."""

    name: str
    variable: str
    """The type variable, such as "T"."""
    is_shared: bool
    """Whether all operands of that variable have one type."""
    types: frozenset[str]


@functools.cache
def formals(schema: OpSchema) -> tuple[Formal, ...]:
    """Those of an operator, read once: onnx makes new sets of strings each time."""
    return tuple(
        Formal(item.name, item.type_str, item.is_homogeneous, frozenset(item.types))
        for item in schema.inputs
    )


def check_operand_types(
    node: NodeProto, schema: OpSchema, type_of: Callable[[str], TypeProto | None]
) -> None:
    """Raises RamielError if an operand has a type that the operator does not take.

    Nor may two have different types where the schema has one variable for both.  A type that is not
    known is not checked.
    """
    if onnx_microsoft.is_own(schema) or not (known := formals(schema)):
        return
    bound: dict[str, tuple[str, str]] = {}
    for index, name in enumerate(node.input):
        formal = known[min(index, len(known) - 1)]
        proto = type_of(name) if name else None
        found = None if proto is None else type_text(proto)
        if found is None:
            continue
        if found not in formal.types:
            raise RamielError(
                f"operand {index} ({formal.name}) is {found}, {_operator(schema)} takes "
                f"{_listed(formal.types)}"
            )
        if not formal.is_shared:
            continue
        operand = f"{index} ({formal.name})"
        other, wanted = bound.setdefault(formal.variable, (operand, found))
        if found != wanted:
            raise RamielError(
                f"operand {operand} is {found} and operand {other} {wanted}, "
                f"{_operator(schema)} takes one type for both"
            )


def type_text(proto: TypeProto) -> str | None:
    """A type as type constraints name it, "seq(tensor(float))"; None if it is not known."""
    match proto.WhichOneof("value"):
        case "tensor_type":
            return _of_elements("tensor", proto.tensor_type.elem_type)
        case "sparse_tensor_type":
            return _of_elements("sparse_tensor", proto.sparse_tensor_type.elem_type)
        case "sequence_type":
            inner = type_text(proto.sequence_type.elem_type)
            return inner and f"seq({inner})"
        case "optional_type":
            inner = type_text(proto.optional_type.elem_type)
            return inner and f"optional({inner})"
        case "map_type":
            key, value = _element(proto.map_type.key_type), type_text(proto.map_type.value_type)
            return key and value and f"map({key},{value})"
        case _:
            return None


def _of_elements(kind: str, data_type: int) -> str | None:
    element = _element(data_type)
    return element and f"{kind}({element})"


@functools.cache
def _element(data_type: int) -> str | None:
    names = {number: name.lower() for name, number in TensorProto.DataType.items()}
    return names.get(data_type) if data_type != TensorProto.UNDEFINED else None


def _operator(schema: OpSchema) -> str:
    domain = f"{schema.domain}." if schema.domain else ""
    return f"{domain}{schema.name} of opset version {schema.since_version}"


def _listed(types: frozenset[str]) -> str:
    listed = sorted(types)
    more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    return ", ".join(listed[:MOST_LISTED]) + more
