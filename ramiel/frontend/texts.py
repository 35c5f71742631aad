"""What every other file of the frontend takes for granted: names are text, graphs nest finitely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

from ramiel.errors import RamielError

DEEPEST = 32
"""Graphs inside each other; protobuf itself ends at 33."""


def check_texts(model: ModelProto) -> None:
    """Raises RamielError for a name that is no UTF-8, or for graphs that nest too deep.

    protobuf gives such a name as bytes, which no other code expects.
    """
    for text in _texts(model):
        if type(text) is not str:
            raise RamielError(f"a name in the model is no UTF-8: {text!r:.80}")


def _texts(model: ModelProto) -> Iterator[object]:
    yield from (entry.domain for entry in model.opset_import)
    for function in model.functions:
        yield from _of_function(function)
    yield from _of_graph(model.graph, 1)


def _of_function(function: FunctionProto) -> Iterator[object]:
    yield from (function.name, function.domain, *function.input, *function.output)
    yield from function.attribute
    yield from (entry.domain for entry in function.opset_import)
    yield from _of_attributes(function.attribute_proto, 1)
    yield from _of_nodes(function.node, 1)


def _of_graph(graph: GraphProto, depth: int) -> Iterator[object]:
    if depth > DEEPEST:
        raise RamielError(f"graphs are nested more than {DEEPEST} deep")
    yield graph.name
    for tensor in graph.initializer:
        yield tensor.name
        yield from (text for e in tensor.external_data for text in (e.key, e.value))
    for tensor in graph.sparse_initializer:
        yield tensor.values.name
    for values in (graph.input, graph.output, graph.value_info):
        yield from _of_values(values)
    yield from _of_nodes(graph.node, depth)


def _of_values(values: Iterable[ValueInfoProto]) -> Iterator[object]:
    for value in values:
        yield value.name
        yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)


def _of_nodes(nodes: Iterable[NodeProto], depth: int) -> Iterator[object]:
    for node in nodes:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from _of_attributes(node.attribute, depth)


def _of_attributes(attributes: Iterable[AttributeProto], depth: int) -> Iterator[object]:
    for attribute in attributes:
        yield from (attribute.name, attribute.ref_attr_name)
        if attribute.HasField("g"):
            yield from _of_graph(attribute.g, depth + 1)
        for graph in attribute.graphs:
            yield from _of_graph(graph, depth + 1)
        if attribute.HasField("t"):
            yield attribute.t.name
            yield from (text for e in attribute.t.external_data for text in (e.key, e.value))
