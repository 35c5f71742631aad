"""What blocks of one wiring may differ in: the sizes of dimensions, and the geometry of windows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from xdsl.dialects.builtin import ArrayAttr, IntAttr
from xdsl.ir import Attribute, SSAValue

from ramiel.dialects.torch import CallOp, SizeAttr
from ramiel.dialects.torch_function import InvokeOp
from ramiel.tensors import agreed_dims, dims_of, element_of, tensor_type

GEOMETRY = ("kernel_size", "stride", "padding", "dilation", "groups")
"""Literals that a function may take as settings."""

Step: TypeAlias = "CallOp | InvokeOp"


def label_of(op: Step) -> Hashable:
    """Equal for operations that differ in nothing but what a function can leave open."""
    types = tuple(_loose(type) for type in (*op.operand_types, *op.result_types))
    if isinstance(op, InvokeOp):
        return (op.function, types)
    geometry = geometry_of(op)
    fixed = {(key, value) for key, value in op.literals.data.items() if key not in geometry}
    return (op.key, op.keywords, op.size_count, types, frozenset(fixed), tuple(geometry))


def _loose(type: Attribute) -> Hashable:
    dims = dims_of(type)
    return type if dims is None else (element_of(type), len(dims))


def geometry_of(op: CallOp) -> dict[str, list[int]]:
    """The literals of a call that are geometry and plain integers, a number for each axis."""
    found: dict[str, list[int]] = {}
    for name in GEOMETRY:
        if name not in op.callee.parameters or _has_sizes(op.literals.data.get(name)):
            continue
        value: Any = op.literal(name)
        items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
        if all(type(item) is int for item in items):
            found[name] = items
    return found


def _has_sizes(literal: Attribute | None) -> bool:
    items: Sequence[Attribute | None] = (
        list(cast("ArrayAttr[Attribute]", literal)) if isinstance(literal, ArrayAttr) else [literal]
    )
    return any(isinstance(item, SizeAttr) for item in items)


def join(types: Sequence[Attribute]) -> Attribute:
    """The type that all are instances of: a dimension that differs is unknown."""
    if len(set(types)) == 1 or None in map(dims_of, types):
        return types[0]
    element, dims = element_of(types[0]), agreed_dims(types)
    assert element is not None and dims is not None
    return tensor_type(element, dims)


@dataclass
class Settings:
    """The numbers in which the members of a family differ: those that vary alike are one."""

    members: int
    names: dict[tuple[int, ...], str]
    """The name of what varies, by its value in each member."""

    def name(self, values: tuple[int, ...], wanted: str) -> str:
        """The setting with these values."""
        if values not in self.names:
            taken, count = set(self.names.values()), 1
            name = wanted
            while name in taken:
                count += 1
                name = f"{wanted}_{count}"
            self.names[values] = name
        return self.names[values]

    def of(self, member: int) -> list[int]:
        """The numbers of one member."""
        return [values[member] for values in self.names]


def open_literals(row: Sequence[CallOp], settings: Settings) -> dict[str, list[int | str]]:
    """Literals of corresponding calls that differ: numbers, and names of settings."""
    found: dict[str, list[int | str]] = {}
    every = [geometry_of(op) for op in row]
    for name in every[0]:
        values = [geometry[name] for geometry in every]
        if all(value == values[0] for value in values):
            continue
        rank = max(map(len, values))
        values = [value * rank if len(value) == 1 else value for value in values]
        items: list[int | str] = []
        for numbers in zip(*values, strict=True):
            fixed = len(set(numbers)) == 1
            items.append(numbers[0] if fixed else settings.name(numbers, name))
        found[name] = items[:1] if len(set(items)) == 1 else items
    return found


def open_numbers(row: Sequence[InvokeOp], settings: Settings) -> list[int | str]:
    """What corresponding invocations give for each setting: a number, or a setting's name."""
    names = row[0].callee.numbers.values()
    rows = zip(*(op.numbers for op in row), strict=True)
    found: list[int | str] = []
    for name, numbers in zip(names, rows, strict=True):
        values = tuple(number for number in numbers if isinstance(number, int))
        assert len(values) == len(row), "blocks of a graph give numbers"
        found.append(values[0] if len(set(values)) == 1 else settings.name(values, name))
    return found


def with_settings(
    op: CallOp,
    literals: dict[str, list[int | str]],
    arguments: Mapping[str, SSAValue],
    operands: Sequence[SSAValue],
    types: Sequence[Attribute],
) -> CallOp:
    """A call like `op`, with settings at the places that `literals` gives them."""
    names = list(dict.fromkeys(i for items in literals.values() for i in items if type(i) is str))
    sizes = list(op.sizes)
    changed: dict[str, Any] = dict(op.literals.data)
    for name, items in literals.items():
        places: list[Any] = [
            SizeAttr(IntAttr(len(sizes) + names.index(item))) if isinstance(item, str) else item
            for item in items
        ]
        changed[name] = places[0] if len(places) == 1 else places
    keywords = [name.data for name in op.keywords]
    first = len(op.positional)
    return CallOp(
        op.key.data,
        operands[:first],
        types,
        changed,
        dict(zip(keywords, operands[first : first + len(keywords)], strict=True)),
        [*operands[first + len(keywords) :], *(arguments[name] for name in names)],
    )
