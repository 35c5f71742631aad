"""Isomorphic blocks of a graph: a form that two blocks share if they compute the same."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """An operation of a block: what it does, and where its operands come from."""

    label: Hashable
    """Equal for operations that compute the same from the same operands."""
    operands: Sequence[tuple[int, int] | None]
    """For each operand (node, result), None if it comes from outside the block."""
    outside: Sequence[Any]
    """For each operand that comes from outside, the value (anything hashable), in order."""
    parameters: Sequence[str | None]
    """For each of these values its name if it is a parameter of the block, else None."""


@dataclass(frozen=True)
class CanonicalForm:
    """A block in an order that depends on nothing but its structure."""

    form: Hashable
    """Equal for isomorphic blocks, and for these only."""
    inputs: Sequence[Any]
    """The values from outside that are no parameters, as the form numbers them."""
    parameters: Sequence[tuple[str, Any]]
    """(name, value) of each parameter, as the form first meets it."""
    order: Sequence[int]
    """The nodes as the form numbers them: corresponding ones in one place."""


def canonical_form(nodes: Sequence[Node], outputs: Sequence[tuple[int, int]]) -> CanonicalForm:
    """Number a block's nodes from its outputs backwards, operand by operand.

    Operands are ordered, so that the walk meets corresponding nodes of isomorphic blocks at the
    same time: no search is needed.  Every node must lead to an output.  Linear in the edges.
    """
    number: dict[int, int] = {}
    inputs: dict[Any, int] = {}
    parameters: dict[str, Any] = {}
    rows: list[Hashable] = []

    def finish(index: int) -> None:
        node = nodes[index]
        outside = iter(zip(node.outside, node.parameters, strict=True))
        row: list[Hashable] = [node.label]
        for operand in node.operands:
            if operand is not None:
                row.append(("node", number[operand[0]], operand[1]))
                continue
            value, name = next(outside)
            if name is None:
                row.append(("input", inputs.setdefault(value, len(inputs))))
            else:
                parameters.setdefault(name, value)
                row.append(("parameter", name))
        number[index] = len(rows)
        rows.append(tuple(row))

    for root, _ in outputs:
        stack = [(root, iter(nodes[root].operands))] if root not in number else []
        while stack:
            index, rest = stack[-1]
            deeper = next((o for o in rest if o is not None and o[0] not in number), None)
            if deeper is None:
                finish(index)
                stack.pop()
            else:
                stack.append((deeper[0], iter(nodes[deeper[0]].operands)))
    ends = tuple((number[node], result) for node, result in outputs)
    return CanonicalForm((tuple(rows), ends), list(inputs), list(parameters.items()), list(number))
