"""Structure-aware mutation: a valid model becomes one that is wrong, or right, in a new way.

Each mutation takes a model that it may change and a source of randomness, and changes one thing.
The gentle ones mostly leave what ONNX's checker accepts; the rough ones mostly do not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto

Random: TypeAlias = random.Random
Mutation: TypeAlias = "Callable[[ModelProto, Random], None]"

DIMS = (0, 1, 2, 3, 5, 7, 64, 1000, 2**16, 2**31, 2**40, 2**62, 2**63 - 1, -1, -5)
INTEGERS = (*DIMS, -(2**63), -2, -3, 4, 9, 13, 21)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 1e38, float("inf"), float("-inf"), float("nan"))
TEXTS = (
    *(
        "",
        "x",
        "SAME_UPPER",
        "VALID",
        "linear",
        "constant",
        "sum",
        "Relu",
        "ij,jk->ik",
        "...",
        "->",
    ),
    *('"', "'''", "#", "\\", "\n", "\0", "{x}", "__class__", "self", "torch", "forward", "ﬁ", "‮"),
    *("import os", "); import os; (", "A" * 5000, "a.b/c:0", "w.1", "w_1", "__metadata__"),
)


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """A graph and all in it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs(attribute.g)


def some_graph(model: ModelProto, chance: Random) -> GraphProto:
    """One of the model's graphs."""
    return chance.choice(list(graphs(model.graph)))


def some_node(model: ModelProto, chance: Random) -> NodeProto | None:
    """One of the nodes of a graph."""
    nodes = some_graph(model, chance).node
    return chance.choice(nodes) if nodes else None


def some_attribute(model: ModelProto, chance: Random) -> AttributeProto | None:
    """One attribute of a node."""
    node = some_node(model, chance)
    return chance.choice(node.attribute) if node is not None and node.attribute else None


def some_tensor(model: ModelProto, chance: Random) -> TensorProto | None:
    """An initializer, or a tensor that is an attribute."""
    graph = some_graph(model, chance)
    tensors = [*graph.initializer]
    tensors += [a.t for node in graph.node for a in node.attribute if a.HasField("t")]
    return chance.choice(tensors) if tensors else None


def some_type(model: ModelProto, chance: Random) -> TypeProto.Tensor | None:
    """The declared tensor type of a value."""
    graph = some_graph(model, chance)
    values = [v for v in (*graph.input, *graph.output, *graph.value_info)]
    tensors = [v.type.tensor_type for v in values if v.type.HasField("tensor_type")]
    return chance.choice(tensors) if tensors else None


def names_of(graph: GraphProto) -> list[str]:
    """The names of a graph's values."""
    names = [value.name for value in graph.input] + [t.name for t in graph.initializer]
    return names + [name for node in graph.node for name in node.output]


# What mostly keeps a model acceptable to the checker.


def change_dim(model: ModelProto, chance: Random) -> None:
    """Another size or name of a dimension."""
    type = some_type(model, chance)
    if type is None or not type.shape.dim:
        return
    dim = chance.choice(type.shape.dim)
    if chance.random() < 0.3:
        dim.dim_param = chance.choice(TEXTS)
    else:
        dim.dim_value = chance.choice(DIMS)


def change_rank(model: ModelProto, chance: Random) -> None:
    """A dimension more or fewer, or no shape."""
    type = some_type(model, chance)
    if type is None:
        return
    match chance.randrange(3):
        case 0:
            type.shape.dim.add(dim_value=chance.choice(DIMS))
        case 1 if type.shape.dim:
            type.shape.dim.pop()
        case _:
            type.ClearField("shape")


def change_element(model: ModelProto, chance: Random) -> None:
    """Another element type of a declared value."""
    type = some_type(model, chance)
    if type is not None:
        type.elem_type = chance.choice(list(TensorProto.DataType.values())[1:])


def change_number(model: ModelProto, chance: Random) -> None:
    """Another value of an attribute, of the same kind."""
    attribute = some_attribute(model, chance)
    if attribute is None:
        return
    match attribute.type:
        case AttributeProto.INT:
            attribute.i = chance.choice(INTEGERS)
        case AttributeProto.FLOAT:
            attribute.f = chance.choice(FLOATS)
        case AttributeProto.STRING:
            attribute.s = chance.choice(TEXTS).encode()
        case AttributeProto.INTS:
            values = [chance.choice((*attribute.ints, *INTEGERS)) for _ in attribute.ints]
            attribute.ints[:] = values[: chance.randrange(len(values) + 1)] or values
        case AttributeProto.FLOATS if attribute.floats:
            attribute.floats[chance.randrange(len(attribute.floats))] = chance.choice(FLOATS)
        case _:
            pass


def longer_list(model: ModelProto, chance: Random) -> None:
    """A list attribute with an entry more or fewer."""
    attribute = some_attribute(model, chance)
    if attribute is None:
        return
    lists: dict[Any, Any] = {
        AttributeProto.INTS: (attribute.ints, INTEGERS),
        AttributeProto.FLOATS: (attribute.floats, FLOATS),
    }
    values, pool = lists.get(attribute.type, (None, ()))
    if values is None:
        return
    if values and chance.random() < 0.5:
        values.pop()
    else:
        values.append(chance.choice(pool))


def drop_attribute(model: ModelProto, chance: Random) -> None:
    """One attribute fewer."""
    node = some_node(model, chance)
    if node is not None and node.attribute:
        node.attribute.pop(chance.randrange(len(node.attribute)))


def add_known_attribute(model: ModelProto, chance: Random) -> None:
    """An attribute that the operator has, with some value."""
    node = some_node(model, chance)
    if node is None:
        return
    try:
        schema = onnx.defs.get_schema(node.op_type, domain=node.domain)
    except onnx.defs.SchemaError:
        return
    absent = [n for n in sorted(schema.attributes) if n not in {a.name for a in node.attribute}]
    if not absent:
        return
    name = chance.choice(absent)
    kinds: dict[str, Any] = {
        "INT": lambda: chance.choice(INTEGERS),
        "FLOAT": lambda: chance.choice(FLOATS),
        "STRING": lambda: chance.choice(TEXTS),
        "INTS": lambda: [chance.choice(INTEGERS) for _ in range(chance.randrange(1, 5))],
        "FLOATS": lambda: [chance.choice(FLOATS) for _ in range(chance.randrange(1, 5))],
    }
    make = kinds.get(str(schema.attributes[name].type).rpartition(".")[2])
    if make is not None:
        node.attribute.append(onnx.helper.make_attribute(name, make()))


def change_edge(model: ModelProto, chance: Random) -> None:
    """A node reads an earlier value instead."""
    graph = some_graph(model, chance)
    if not graph.node:
        return
    index = chance.randrange(len(graph.node))
    node = graph.node[index]
    earlier = [value.name for value in graph.input] + [t.name for t in graph.initializer]
    earlier += [name for before in graph.node[:index] for name in before.output]
    if node.input and earlier:
        node.input[chance.randrange(len(node.input))] = chance.choice(earlier)


def swap_inputs(model: ModelProto, chance: Random) -> None:
    """Two inputs of a node change places."""
    node = some_node(model, chance)
    if node is not None and len(node.input) > 1:
        a, b = chance.sample(range(len(node.input)), 2)
        node.input[a], node.input[b] = node.input[b], node.input[a]


def drop_optional_input(model: ModelProto, chance: Random) -> None:
    """An input of a node is absent."""
    node = some_node(model, chance)
    if node is not None and len(node.input) > 1:
        if chance.random() < 0.5:
            node.input.pop()
        else:
            node.input[chance.randrange(1, len(node.input))] = ""


def change_operator(model: ModelProto, chance: Random) -> None:
    """Another operator with the same inputs."""
    node = some_node(model, chance)
    if node is not None:
        node.op_type = chance.choice(OPERATORS)
        del node.attribute[:]


OPERATORS = sorted({schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain})


def change_opset(model: ModelProto, chance: Random) -> None:
    """Another version of an operator set."""
    if model.opset_import:
        entry = chance.choice(model.opset_import)
        entry.version = chance.randrange(1, onnx.defs.onnx_opset_version() + 1)


def bake_input(model: ModelProto, chance: Random) -> None:
    """An input of the model becomes an initializer, so that there is something to fold."""
    inputs = [v for v in model.graph.input if v.type.tensor_type.elem_type in _FORMATS]
    if not inputs:
        return
    value = chance.choice(inputs)
    dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    count = 1
    for dim in dims:
        count *= dim
    if not 0 <= count <= 4096:
        return
    kind = value.type.tensor_type.elem_type
    pool = INTEGERS if kind == TensorProto.INT64 else FLOATS
    small = chance.random() < 0.7
    values = [chance.choice(range(4)) if small else chance.choice(pool) for _ in range(count)]
    model.graph.initializer.append(onnx.helper.make_tensor(value.name, kind, dims, values))
    if chance.random() < 0.8:
        model.graph.input.remove(value)


_FORMATS = (TensorProto.INT64, TensorProto.FLOAT, TensorProto.DOUBLE)


def copy_node(model: ModelProto, chance: Random) -> None:
    """The same operator once more, on the first one's result."""
    graph = some_graph(model, chance)
    if graph.node:
        index = chance.randrange(len(graph.node))
        node = graph.node.add()
        node.CopyFrom(graph.node[index])
        for slot, name in enumerate(node.output):
            node.output[slot] = f"{name}_again" if name else ""
        if node.input and graph.node[index].output:
            node.input[0] = graph.node[index].output[0] or node.input[0]


def rename_text(model: ModelProto, chance: Random) -> None:
    """A text that names nothing: documentation, producer, node names."""
    text = chance.choice(TEXTS)
    node = some_node(model, chance)
    match chance.randrange(4):
        case 0:
            model.doc_string = text
        case 1:
            model.producer_name = text
        case 2 if node is not None:
            node.name = text
        case _:
            model.graph.name = text or "graph"


def rename_value(model: ModelProto, chance: Random) -> None:
    """A value has another name wherever it stands."""
    graph = model.graph
    names = [name for name in names_of(graph) if name]
    if not names:
        return
    old, new = chance.choice(names), chance.choice(TEXTS) or "renamed"
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        if value.name == old:
            value.name = new
    for inner in graphs(graph):
        for node in inner.node:
            for names in (node.input, node.output):
                for slot, name in enumerate(names):
                    if name == old:
                        names[slot] = new


GENTLE: tuple[Mutation, ...] = (
    *(change_dim, change_rank, change_element, change_number, longer_list, add_known_attribute),
    *(drop_attribute, change_edge, swap_inputs, drop_optional_input, change_operator),
    *(change_opset, bake_input, bake_input, copy_node, rename_text, rename_value),
)


# What the checker mostly refuses.


def change_kind(model: ModelProto, chance: Random) -> None:
    """An attribute of another kind."""
    attribute = some_attribute(model, chance)
    if attribute is not None:
        kinds: Any = list(AttributeProto.AttributeType.values())
        attribute.type = chance.choice(kinds)


def strange_attribute(model: ModelProto, chance: Random) -> None:
    """An attribute that the operator has not, or has already."""
    node = some_node(model, chance)
    if node is not None:
        names = [a.name for a in node.attribute] + ["", "axis", "value", "__class__", "to"]
        value = chance.choice((*INTEGERS, *FLOATS, *TEXTS))
        node.attribute.append(onnx.helper.make_attribute(chance.choice(names), value))


def break_edge(model: ModelProto, chance: Random) -> None:
    """A node reads or computes any name."""
    node, graph = some_node(model, chance), some_graph(model, chance)
    if node is None:
        return
    names = chance.choice((node.input, node.output))
    pool = [*names_of(graph), "", "nowhere"]
    if names and chance.random() < 0.7:
        names[chance.randrange(len(names))] = chance.choice(pool)
    else:
        names.append(chance.choice(pool))


def drop_node(model: ModelProto, chance: Random) -> None:
    """One node fewer."""
    graph = some_graph(model, chance)
    if graph.node:
        graph.node.pop(chance.randrange(len(graph.node)))


def shuffle_nodes(model: ModelProto, chance: Random) -> None:
    """Nodes in another order."""
    graph = some_graph(model, chance)
    nodes = list(graph.node)
    chance.shuffle(nodes)
    del graph.node[:]
    graph.node.extend(nodes)


def drop_values(model: ModelProto, chance: Random) -> None:
    """Fewer inputs, outputs, initializers or operator sets."""
    graph = some_graph(model, chance)
    lists: list[Any] = [graph.input, graph.output, graph.initializer, model.opset_import]
    values = chance.choice(lists)
    if values:
        values.pop()


def break_tensor(model: ModelProto, chance: Random) -> None:
    """A tensor whose dimensions, type and bytes do not fit."""
    tensor = some_tensor(model, chance)
    if tensor is None:
        return
    match chance.randrange(7):
        case 0:
            tensor.dims.append(chance.choice(DIMS))
        case 1 if tensor.dims:
            tensor.dims[chance.randrange(len(tensor.dims))] = chance.choice(DIMS)
        case 2:
            tensor.data_type = chance.choice((*TensorProto.DataType.values(), 99, -1))
        case 3:
            tensor.raw_data = bytes(chance.randrange(256) for _ in range(chance.randrange(20)))
        case 4:
            tensor.raw_data = tensor.raw_data[: chance.randrange(len(tensor.raw_data) + 1)]
        case 5:
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=chance.choice(TEXTS))
        case _:
            tensor.float_data.append(chance.choice(FLOATS))


def strange_domain(model: ModelProto, chance: Random) -> None:
    """Another domain of a node or an operator set, another version of the format."""
    node = some_node(model, chance)
    domain = chance.choice(("ai.onnx", "ai.onnx.ml", "com.example", *TEXTS))
    match chance.randrange(4):
        case 0 if node is not None:
            node.domain = domain
        case 1:
            model.opset_import.add(domain=domain, version=chance.choice(INTEGERS))
        case 2:
            model.ir_version = chance.choice((0, 1, 3, 99, 2**62))
        case _ if model.opset_import:
            model.opset_import[0].version = chance.choice(INTEGERS)
        case _:
            pass


def strange_type(model: ModelProto, chance: Random) -> None:
    """A value that is a sequence, an optional, a map, or nothing."""
    graph = some_graph(model, chance)
    values = [*graph.input, *graph.output, *graph.value_info]
    if not values:
        return
    type = chance.choice(values).type
    tensor = TypeProto()
    tensor.CopyFrom(type)
    type.Clear()
    match chance.randrange(4):
        case 0:
            type.sequence_type.elem_type.CopyFrom(tensor)
        case 1:
            type.optional_type.elem_type.CopyFrom(tensor)
        case 2:
            type.map_type.key_type = chance.choice((1, 7, 8, 99))
            type.map_type.value_type.CopyFrom(tensor)
        case _:
            pass


ROUGH: tuple[Mutation, ...] = (
    *(change_kind, strange_attribute, break_edge, drop_node, shuffle_nodes, drop_values),
    *(break_tensor, break_tensor, strange_domain, strange_type),
)


def flip_bytes(data: bytes, chance: Random) -> bytes:
    """A few bytes changed, removed or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(3):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randrange(1, 9)]
            case _:
                changed[at:at] = changed[at : at + chance.randrange(1, 9)]
        if not changed:
            return b"\0"
    return bytes(changed)


def mutated(pool: list[bytes], chance: Random) -> bytes:
    """A file: a seed after one to four mutations."""
    data = chance.choice(pool)
    if chance.random() < 0.05:
        return flip_bytes(data, chance)
    model = ModelProto.FromString(data)
    rough = chance.random() < 0.35
    for _ in range(chance.choice((1, 1, 2, 2, 3, 4))):
        chance.choice(ROUGH if rough and chance.random() < 0.6 else GENTLE)(model, chance)
    return model.SerializeToString()
