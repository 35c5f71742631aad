"""What a cluster did in one call, written down so that it can be done again without its code."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .computation import Computation


@dataclass(frozen=True)
class Buffer:
    """Memory that a cluster writes or is given: a base tensor, from whose first byte places count.

    `is_own`: nothing but primitives and operators in place write it, so it may lie anywhere.
    """

    size: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype
    is_own: bool


@dataclass(frozen=True)
class Place:
    """A tensor in a buffer, `offset` bytes behind its base."""

    buffer: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype

    @property
    def nbytes(self) -> int:
        """The bytes of its elements, without gaps between them."""
        return math.prod(self.shape) * self.dtype.itemsize


Operand: TypeAlias = Place | Tensor
"""A tensor itself is a weight, or a view of one."""


@dataclass(frozen=True)
class Execution:
    """A primitive's: no interpreter is needed for it."""

    primitive: Computation
    result: Place
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Operation:
    """A PyTorch operator's call, with places for tensors in its arguments.

    `results`: which of its results are new buffers.
    """

    function: Callable[..., Any]
    arguments: Any
    options: Any
    results: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Send:
    """A value that goes to another cluster."""

    value: str
    operand: Operand
    to: str


@dataclass(frozen=True)
class Receive:
    """A value that another cluster sends."""

    value: str
    source: str
    buffer: int


Step: TypeAlias = Execution | Operation | Send | Receive


@dataclass
class Recording:
    """The steps of a call.  The first buffers are the cluster's arguments, in their order."""

    buffers: list[Buffer] = field(default_factory=list[Buffer])
    steps: list[Step] = field(default_factory=list[Step])
    outputs: Any = None
    """A place for each tensor of what the cluster returned."""

    def leaving(self, neighbours: Collection[tuple[str, str]] = ()) -> set[int]:
        """The buffers whose tensors others hold when the cluster has ended.

        Messages to `neighbours`, each a value and a cluster, do not count.
        """
        found = {place.buffer for place in places(self.outputs)}
        for step in self.steps:
            if isinstance(step, Send) and (step.value, step.to) not in neighbours:
                found |= {place.buffer for place in places(step.operand)}
        return found

    def uses(self) -> dict[int, list[int]]:
        """The numbers of the steps that read or write each buffer, in order."""
        uses: dict[int, list[int]] = {}
        for number, step in enumerate(self.steps):
            for buffer in {place.buffer for place in places_of(step)}:
                uses.setdefault(buffer, []).append(number)
        return uses


def places(tree: Any) -> list[Place]:
    """The places in an argument: in lists, tuples and dicts."""
    found: list[Place] = []
    mapped(tree, lambda leaf: found.append(leaf) if isinstance(leaf, Place) else None)
    return found


def places_of(step: Step) -> Sequence[Place]:
    """The places that a step reads or writes."""
    match step:
        case Execution():
            return [step.result, *places(step.operands)]
        case Operation():
            return [*places(step.arguments), *places(step.options)]
        case Send():
            return places(step.operand)
        case Receive():
            return []


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples and dicts with other leaves."""
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}  # pyright: ignore
    if isinstance(tree, list | tuple):
        items: Any = [mapped(item, change) for item in tree]  # pyright: ignore
        return items if isinstance(tree, list) else tuple(items)
    return change(tree)
