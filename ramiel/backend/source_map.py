"""model.map.json: generated line to ONNX node, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from xdsl.ir import Operation

from ramiel.backend.source import Source
from ramiel.dialects import syntax
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import IfOp, LoopOp
from ramiel.dialects.torch_function import InvokeOp
from ramiel.locations import node_name

Lines = Mapping[str, Mapping[str, Any]]
"""Line -> {"node": …, "operation": …}, in a function "nodes": the node in each module, and "also":
the nodes of other operations that the line computes."""


def lines_of(source: Source, offset: int = 0) -> Lines:
    """The entry of each line that an operation was printed to, `offset` lines further down."""
    found: dict[str, dict[str, Any]] = {}
    for line, op in source.line_map().items():
        entry = _entry(op)
        if entry is None:
            continue
        if also := [node for other in source.also.get(line, ()) for node in _nodes(other)]:
            entry["also"] = also
        found[str(line + offset)] = entry
    return found


def _nodes(op: Operation) -> list[str]:
    entry = _entry(op) or {}
    return [node for node in (entry.get("node"), *entry.get("nodes", {}).values()) if node]


def _entry(op: Operation) -> dict[str, Any] | None:
    if isinstance(op, InvokeOp):
        return {"node": "", "operation": op.function.root_reference.data, "module": op.module.data}
    if not isinstance(op, CallOp | IfOp | LoopOp):
        return None
    key = op.key.data if isinstance(op, CallOp) else op.name
    entry: dict[str, Any] = {"node": node_name(op), "operation": key}
    nodes = op.attributes.get("nodes")
    if nodes is not None:
        entry["nodes"] = dict(cast("list[list[str]]", syntax.to_literal(nodes)))
    return entry


def map_text(lines: Lines) -> str:
    """The text of model.map.json: `lines`, and `nodes`, the lines of each ONNX node."""
    nodes: dict[str, list[int]] = {}
    for line, entry in lines.items():
        for node in dict.fromkeys(
            [entry["node"], *entry.get("nodes", {}).values(), *entry.get("also", ())]
        ):
            if node:
                nodes.setdefault(node, []).append(int(line))
    return json.dumps({"lines": lines, "nodes": nodes}, indent=1) + "\n"
