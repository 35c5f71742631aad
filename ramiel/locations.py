"""Source locations: every operation remembers the ONNX node that it came from."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Operation


def node_location(name: str) -> LocationAttr:
    """`loc("name")`, or `loc(unknown)` if the node has no name."""
    return NameLoc(StringAttr(name), NoneAttr()) if name else UNKNOWN_LOC


def node_name(op: Operation) -> str:
    """The name of the ONNX node that the operation came from, "" if unknown."""
    match op.location:
        case NameLoc(desc=name):
            return name.data
        case _:
            return ""


def inherit_location(source: Operation, *targets: Operation) -> None:
    """Give each target that has no location that of its source."""
    for target in targets:
        if isinstance(target.location, UnknownLoc):
            target.location = source.location
