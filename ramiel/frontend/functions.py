"""Functions of a model, and of ONNX's standard: calls are replaced by what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import onnx.defs
from onnx import GraphProto, ModelProto, NodeProto, inliner
from onnx.defs import OpSchema

from ramiel.errors import RamielError

DEEPEST = 16
"""How often a function's body may need expansion again."""


def expand_functions(model: ModelProto) -> ModelProto:
    """The model without calls of its own functions, nor of operators that only a function defines.

    An operator that has a meaning of its own is kept, whether or not ONNX gives it a body.  Raises
    RamielError if functions call each other without end.
    """
    if model.functions:
        model = _inlined(model, [(f.domain, f.name) for f in model.functions], local=True)
    for _ in range(DEEPEST):
        wanted = sorted(set(_only_functions(model)))
        if not wanted:
            return model
        model = _inlined(model, wanted, local=False)
    raise RamielError(f"functions of ONNX are nested more than {DEEPEST} deep")


def _inlined(model: ModelProto, names: list[tuple[str, str]], local: bool) -> ModelProto:
    try:
        if local:
            return inliner.inline_local_functions(model)
        return inliner.inline_selected_functions(model, names, inline_schema_functions=True)
    except (RuntimeError, ValueError) as error:
        raise RamielError(f"a function cannot be expanded: {error}") from error


def _only_functions(model: ModelProto) -> Iterator[tuple[str, str]]:
    """The (domain, operator) of nodes that have a body and no meaning."""
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    seen: set[tuple[str, str]] = set()
    for node in _nodes([model.graph]):
        key = (node.domain, node.op_type)
        if key in seen:
            continue
        seen.add(key)
        if _is_only_a_function(node, opsets.get(node.domain, 0)):
            yield key


def _is_only_a_function(node: NodeProto, opset: int) -> bool:
    domain = "" if node.domain == "ai.onnx" else node.domain
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
    except onnx.defs.SchemaError:
        return False
    if not has_body(schema):
        return False
    from ramiel.operators import registry

    return registry.find_meaning(domain, node.op_type, schema.since_version) is None


def has_body(schema: OpSchema) -> bool:
    """Whether the standard says what the operator is made of."""
    facts: Any = schema  # onnx's stubs lack some of its members
    return facts.has_function or facts.has_context_dependent_function


def _nodes(graphs: Iterable[GraphProto]) -> Iterator[NodeProto]:
    for graph in graphs:
        for node in graph.node:
            yield node
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    yield from _nodes([attribute.g])
