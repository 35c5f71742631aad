"""Functions of a model, and of ONNX's standard: calls are replaced by what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import onnx.defs
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto
from onnx.defs import OpSchema
from onnx.helper import make_tensor_value_info

from ramiel.errors import RamielError
from ramiel.onnx_process import OnnxFailure, OnnxRefusal, ask_model

DEEPEST = 16
"""How often a function's body may need expansion again."""
MOST_NODES = 1_000_000
"""Nodes that a model may have once its functions are expanded."""

Key: TypeAlias = tuple[str, str]
"""Domain and name of a function."""


def expand_functions(model: ModelProto) -> ModelProto:
    """The model without calls of its own functions, nor of operators that only a function defines.

    An operator that has a meaning of its own is kept, whether or not ONNX gives it a body.  Raises
    RamielError if functions call each other without end, or expand to too many nodes.
    """
    if model.functions:
        check_expansion(model)
        model = _inlined(model, b"inline_local")
    for _ in range(DEEPEST):
        wanted = sorted(set(_only_functions(model)))
        if not wanted:
            return model
        model = _inlined(model, b"inline_standard", *(text for key in wanted for text in key))
    raise RamielError(f"functions of ONNX are nested more than {DEEPEST} deep")


def check_expansion(model: ModelProto) -> None:
    """Count the nodes before any is made: ten functions that call the next one ten times are 10^10.

    Raises RamielError if a function calls itself, or there are more than MOST_NODES.
    """
    functions = {(f.domain, f.name): f for f in model.functions}
    counts: dict[Key, int] = {}
    for key in _callees_first(functions):
        counts[key] = sum(map(partial(_size, counts), _nodes_of(functions[key].node)))
    total = sum(map(partial(_size, counts), _nodes([model.graph])))
    if total > MOST_NODES:
        raise RamielError(f"its functions expand to {total:.3g} nodes, over {MOST_NODES}")


def _size(counts: Mapping[Key, int], node: NodeProto) -> int:
    return counts.get((node.domain, node.op_type), 1)


def _callees_first(functions: Mapping[Key, FunctionProto]) -> Iterator[Key]:
    """The functions, each after those that it calls.  Raises RamielError if there is a cycle."""
    finished: set[Key] = set()
    for root in functions:
        path: dict[Key, Iterator[NodeProto]] = {}
        stack = [root] if root not in finished else []
        while stack:
            key = stack[-1]
            if key not in path:
                path[key] = _nodes_of(functions[key].node)
            calls = ((node.domain, node.op_type) for node in path[key])
            callee = next((c for c in calls if c in functions and c not in finished), None)
            if callee is None:
                del path[key]
                finished.add(stack.pop())
                yield key
            elif callee in path:
                raise RamielError(f"function {'.'.join(filter(None, callee))!r} calls itself")
            else:
                stack.append(callee)


def _inlined(model: ModelProto, request: bytes, *names: str) -> ModelProto:
    """The model after a request to ONNX's inliner, which sees no values of initializers."""
    bare = _without_initializers(model)
    typed = {value.name for value in (*model.graph.input, *model.graph.value_info)}
    for tensor in model.graph.initializer:
        bare.graph.initializer.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        if tensor.name not in typed:
            # The inliner looks for types of operands among values only.
            bare.graph.value_info.append(
                make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    _give_defaults(bare)
    try:
        inlined = ask_model(request, bare, *(name.encode() for name in names))
    except (OnnxRefusal, OnnxFailure) as error:
        raise RamielError(f"a function cannot be expanded: {error}") from error
    del inlined.graph.initializer[:]
    inlined.graph.initializer.extend(model.graph.initializer)
    return inlined


def _give_defaults(model: ModelProto) -> None:
    """Let calls of functions have the defaults of attributes that they leave out.

    ONNX's inliner knows no defaults: the body would get those of its own operators.
    """
    functions = {(f.domain, f.name): f for f in model.functions if f.attribute_proto}
    if not functions:
        return
    bodies = (_nodes_of(function.node) for function in model.functions)
    for node in chain(_nodes([model.graph]), *bodies):
        function = functions.get((node.domain, node.op_type))
        if function is not None:
            given = {attribute.name for attribute in node.attribute}
            node.attribute.extend(a for a in function.attribute_proto if a.name not in given)


def _without_initializers(model: ModelProto) -> ModelProto:
    """The model's other fields."""
    graph = model.graph
    return ModelProto(
        ir_version=model.ir_version,
        opset_import=model.opset_import,
        functions=model.functions,
        graph=GraphProto(
            name=graph.name,
            node=graph.node,
            input=graph.input,
            output=graph.output,
            value_info=graph.value_info,
        ),
    )


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
        yield from _nodes_of(graph.node)


def _nodes_of(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes([attribute.g])
