"""Sizes that a call is given: numbers, and integers of the generated code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import SSAValue

from ramiel.dialects.torch import CallOp, SizeAttr

Size: TypeAlias = "int | SSAValue"
"""A size: known when compiling, or a value of the type index."""
TENSORS_OF_INTEGERS = ("tensor_of_integer", "tensor_of_integers")
"""Callees that put integers into a tensor."""
MADE_UP = re.compile(r"unk__.*|.*_dim_?\d+|dim_?\d+|\d.*|\W*")
"""Dimensions' names that nobody chose: those of shape inference and exporters."""


@dataclass(frozen=True)
class Slice:
    """`start:end:step` of an index, where start and end may be integers; None leaves them out."""

    start: Size | None
    end: Size | None
    step: int = 1

    def text(self, sizes: list[SSAValue]) -> str:
        """The slice in an index; integers in it are appended to `sizes`."""
        bounds = [
            f"${place(bound, sizes)}" if isinstance(bound, SSAValue) else str(bound)
            for bound in ("" if bound is None else bound for bound in (self.start, self.end))
        ]
        return ":".join(bounds) + (f":{self.step}" if self.step != 1 else "")


def place(value: SSAValue, sizes: list[SSAValue]) -> int:
    """The place of an integer among those of a call; it is appended if it has none."""
    if value not in sizes:
        sizes.append(value)
    return sizes.index(value)


def sizes_of(call: CallOp) -> list[Size]:
    """What a call of TENSORS_OF_INTEGERS puts into its tensor."""
    values: Any = call.literals.data["values"]
    items: list[Any] = list(values) if isinstance(values, ArrayAttr) else [values]  # pyright: ignore[reportUnknownArgumentType]
    return [
        call.sizes[item.position.data] if isinstance(item, SizeAttr) else int(item.value.data)
        for item in items
    ]


def size_hint(value: SSAValue, axis: int, name: str) -> str:
    """What the size of a dimension is called: as the dimension if somebody named that."""
    # The frontend's package imports operators.
    from ramiel.frontend.names import identifier

    if not MADE_UP.fullmatch(name):
        return identifier(name, "size")
    return f"{identifier(value.name_hint or 'input')}_dim{axis}"
