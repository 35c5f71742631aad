"""Which values a function can drop, and after which operation: those that hold much memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from ramiel.tensors import byte_size, dims_of

SMALL = 1 << 16
"""Bytes of a tensor that may stay to the end of the function."""


def dropped_after(
    operations: Sequence[Operation], kept: Sequence[SSAValue]
) -> Mapping[Operation, Sequence[SSAValue]]:
    """The large results that no later one of the operations reads, by the last that does.

    `kept` are those that are read after the last operation.
    """
    last: dict[SSAValue, Operation] = {}
    for op in operations:
        last.update(dict.fromkeys(op.results, op))
        inner = (value for nested in op.walk() for value in nested.operands)
        last.update((value, op) for value in inner if value in last)
    stays = frozenset(kept)
    dropped: dict[Operation, list[SSAValue]] = {}
    for value, op in last.items():
        # A result of control flow may have the name of what it was made from.
        if op.regions or (isinstance(value.owner, Operation) and value.owner.regions):
            continue
        if value not in stays and bool(value.uses) and _is_large(value):
            dropped.setdefault(op, []).append(value)
    return dropped


def _is_large(value: SSAValue) -> bool:
    """Also where some dimensions are not known: those may be large."""
    dims = dims_of(value.type)
    if dims is None or not all(isinstance(dim, int) for dim in dims):
        return dims is not None
    return byte_size(value.type) > SMALL
