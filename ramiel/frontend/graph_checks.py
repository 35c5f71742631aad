"""What ONNX forbids of names: each stands for one thing (ONNX IR specification, "Graphs")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto
from onnx.defs import OpSchema

from ramiel.errors import RamielError

_STANDARD = "ai.onnx"
MOST_OPERANDS = 10_000
"""Of one node: a Sum of more would become as many additions."""


def check_graph(graph: GraphProto) -> None:
    """Raises RamielError if two inputs, initializers or outputs of a graph have one name."""
    for what, values in (
        ("inputs", graph.input),
        ("initializers", graph.initializer),
        ("outputs", graph.output),
    ):
        name = _repeated(value.name for value in values)
        if name is not None:
            raise RamielError(f"two {what} of graph {graph.name!r:.80} are called {name!r:.80}")
    if graph.sparse_initializer:
        name = graph.sparse_initializer[0].values.name
        raise RamielError(f"initializer {name!r:.80} is sparse, which is not supported")


def check_domains(model: ModelProto) -> None:
    """Raises RamielError for a node of a domain that the model, or the function, does not import.

    A call of the model's own function needs no import.
    """
    own = {(function.domain, function.name) for function in model.functions}
    bodies = [("the model", model.opset_import, model.graph.node)]
    for function in model.functions:
        name = f"function {function.name!r:.80}"
        bodies.append((name, function.opset_import, function.node))
    for where, imports, nodes in bodies:
        known = _domains(imports)
        for node in _nodes(nodes):
            domain = node.domain or _STANDARD
            if domain not in known and (node.domain, node.op_type) not in own:
                label = node.name or next(iter(node.output), "")
                raise RamielError(
                    f"node {label!r:.80} ({node.op_type:.80}): {where} does not import "
                    f"its domain {domain!r:.80}, only {', '.join(sorted(known)):.200}"
                )


def _domains(imports: Iterable[OperatorSetIdProto]) -> set[str]:
    return {entry.domain or _STANDARD for entry in imports}


def _nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """The nodes, and those of the graphs in them."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g.node)


def check_outputs(node: NodeProto, is_taken: Callable[[str], bool]) -> None:
    """Raises RamielError if a node computes a value twice, or one that something else is.

    Nor may it have more operands than MOST_OPERANDS.
    """
    if len(node.input) > MOST_OPERANDS:
        raise RamielError(f"has {len(node.input)} operands, over {MOST_OPERANDS}")
    names = [name for name in node.output if name]
    name = next(filter(is_taken, names), None) or _repeated(names)
    if name is not None:
        raise RamielError(f"computes {name!r}, which is computed already")


def check_attributes(node: NodeProto, schema: OpSchema) -> None:
    """Raises RamielError if attributes are not those of the operator.

    Each has one name and the kind that the operator wants, none refers to a function's, and those
    without a default are there.
    """
    name = _repeated(item.name for item in node.attribute)
    if name is not None:
        raise RamielError(f"has two attributes {name!r}")
    for item in node.attribute:
        if item.ref_attr_name:
            raise RamielError(f"attribute {item.name!r} refers to one of no function")
        formal = schema.attributes.get(item.name)
        kind = "" if formal is None else str(formal.type).rpartition(".")[2]
        if kind and kind != AttributeProto.AttributeType.Name(item.type):
            raise RamielError(f"attribute {item.name!r} is no {kind}")
    given = {item.name for item in node.attribute}
    for name, formal in schema.attributes.items():
        if formal.required and name not in given:
            raise RamielError(f"has no attribute {name!r}, which it needs")


def _repeated(names: Iterable[str]) -> str | None:
    """A name that stands there twice, None if there is none."""
    counts = Counter(names)
    return next((name for name, count in counts.items() if count > 1), None)
