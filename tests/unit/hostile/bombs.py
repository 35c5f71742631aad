"""Small models that ask for a lot: each is made in an instant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, parser

HEADER = '<ir_version: 8, opset_import: ["": 18 {more}]>\n'


def parsed(text: str, more: str = "") -> ModelProto:
    """The model of a graph's text."""
    return parser.parse_model(HEADER.replace("{more}", more) + text)


CONSTANTS = {
    "ConstantOfShape": "g () => (float[n] y) { s = Constant<value = int64[1] {1099511627776}>() "
    "y = ConstantOfShape(s) }",
    "Expand": "g (float[1] x) => (float[n] y) { s = Constant<value = int64[1] {1099511627776}>() "
    "c = Constant<value = float[1] {1}>() e = Expand(c, s) y = Add(e, x) }",
    "Tile": "g (float[1] x) => (float[n] y) { s = Constant<value = int64[1] {1099511627776}>() "
    "c = Constant<value = float[1] {1}>() e = Tile(c, s) y = Add(e, x) }",
    "Range": "g () => (int64[n] y) { a = Constant<value = int64 {0}>() "
    "b = Constant<value = int64 {1099511627776}>() d = Constant<value = int64 {1}>() "
    "y = Range(a, b, d) }",
    "Pad": "g (float[1] x) => (float[n] y) { p = Constant<value = int64[2] {0, 1099511627776}>() "
    "c = Constant<value = float[1] {1}>() e = Pad(c, p) y = Add(e, x) }",
    "Resize": "g (float[1,1,1,1] x) => (float[a,b,c,d] y) { "
    "s = Constant<value = int64[4] {1, 1, 1048576, 1048576}>() "
    'c = Constant<value = float[1,1,1,1] {1}>() e = Resize<mode="nearest">(c, , , s) '
    "y = Add(e, x) }",
    "Einsum that grows": "g (float[1] x) => (float[n] y) { "
    "s = Constant<value = int64[1] {1024}>() c = ConstantOfShape(s) "
    'e = Einsum<equation="i,j,k,l->ijkl">(c, c, c, c) y = Mul(e, x) }',
    "Einsum that shrinks": "g (float x) => (float y) { "
    "s = Constant<value = int64[1] {1024}>() c = ConstantOfShape(s) "
    'e = Einsum<equation="i,j,k,l->">(c, c, c, c) y = Mul(e, x) }',
    "a long recurrence": "g (float x) => (float[a,b,c,d] y) { "
    "s = Constant<value = int64[3] {268435456, 1, 1}>() c = ConstantOfShape(s) "
    "u = Constant<value = int64[3] {1, 4, 1}>() w = ConstantOfShape(u) "
    "h, l = LSTM<hidden_size=1>(c, w, w) y = Add(h, x) }",
    "CumSum": "g (float x) => (float[n] y) { s = Constant<value = int64[1] {1099511627776}>() "
    "c = ConstantOfShape(s) a = Constant<value = int64 {0}>() e = CumSum(c, a) y = Add(e, x) }",
    "inputs": "g (float[68719476736] x, int64[1099511627776] z) => (float[n] y) "
    "{ f = Cast<to = 1>(z) y = Add(x, f) }",
    "Resize of an input": "g (float[1,1,4611686018427387904,1] x) => (float[a,b,c,d] y) { "
    's = Constant<value = float[4] {1, 1, 2, 2}>() y = Resize<mode="nearest">(x, , s) }',
    "nothing, in 2^62 columns": "g (float[2,0,4,4611686018427387904] x, int64[1] a) "
    "=> (float[2,1,4] y) { s = Mul(x, x) y = ReduceSum(s, a) }",
    "as many parts as the input says": "g (int64[1] k) => (int64[1] y, int64[1] z) "
    "{ y, z = Split(k, k) }",
    "integers": "g (int64[4096,4096] x) => (int64[4096,4096] y) { y = MatMul(x, x) }",
    "boxes": "g (float x) => (int64[n,3] y) { s = Constant<value = int64[3] {1, 60000, 4}>() "
    "b = ConstantOfShape(s) t = Constant<value = int64[3] {1, 1, 60000}>() c = ConstantOfShape(t) "
    "y = NonMaxSuppression(b, c) }",
}
"""Folding these would take gigabytes, or years."""


def loop_without_end() -> ModelProto:
    """A Loop whose condition stays true, on constants only."""
    return parsed(
        "g () => (float[1] y) { t = Constant<value = bool {1}>() "
        "c = Constant<value = float[1] {1}>() m = Constant<value = int64 {9223372036854775807}>() "
        "y = Loop(m, t, c) <body = b (int64 i, bool k, float[1] v) => (bool k2, float[1] u) "
        "{ k2 = Identity(k) u = Add(v, v) }> }"
    )


def nested_ifs(depth: int) -> bytes:
    """An If in an If in an If, written bottom up as bytes: protobuf would not nest them itself."""
    from google.protobuf.internal import encoder

    def field(number: int, data: bytes) -> bytes:
        return encoder.TagBytes(number, 2) + encoder._VarintBytes(len(data)) + data  # type: ignore

    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y0"])],
        "leaf",
        [],
        [helper.make_tensor_value_info("y0", TensorProto.FLOAT, [1])],
    ).SerializeToString()
    leaf = graph.replace(b"y0", b"z0")
    for level in range(1, depth + 1):
        # NodeProto: input 1, output 2, op_type 4, attribute 5; AttributeProto: name 1, g 6, type 20
        branches = b"".join(
            field(5, field(1, name) + field(6, branch) + encoder.TagBytes(20, 0) + b"\5")
            for name, branch in ((b"then_branch", graph), (b"else_branch", leaf))
        )
        node = field(1, b"c") + field(2, f"y{level}".encode()) + field(4, b"If") + branches
        output = helper.make_tensor_value_info(f"y{level}", TensorProto.FLOAT, [1])
        graph = field(1, node) + field(2, b"g") + field(12, output.SerializeToString())
    inputs = [
        helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
    ]
    graph += b"".join(field(11, value.SerializeToString()) for value in inputs)
    opset = helper.make_opsetid("", 18).SerializeToString()
    return encoder.TagBytes(1, 0) + b"\x08" + field(7, graph) + field(8, opset)  # type: ignore


def chain(count: int) -> ModelProto:
    """Many nodes, one after the other."""
    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"], f"n{i}") for i in range(count)]
    return _model(nodes, "v0", f"v{count}", [4])


def wide_sum(count: int) -> ModelProto:
    """One node with many inputs."""
    return _model([helper.make_node("Sum", ["x"] * count, ["y"], "sum")], "x", "y", [4])


def _model(
    nodes: list[NodeProto], first: str, last: str, shape: list[int], result: list[int] | None = None
) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(first, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, result or shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def function_bomb(levels: int, calls: int) -> ModelProto:
    """Functions that each call the next one several times: calls^levels nodes."""
    model = _model([helper.make_node("f0", ["x"], ["y"], domain="own")], "x", "y", [1])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    for level in range(levels):
        callee, domain = (f"f{level + 1}", "own") if level + 1 < levels else ("Relu", "")
        values = ["a", *(f"t{i}" for i in range(calls - 1)), "b"]
        nodes = [
            helper.make_node(callee, [values[i]], [values[i + 1]], domain=domain)
            for i in range(calls)
        ]
        model.functions.append(
            helper.make_function("own", f"f{level}", ["a"], ["b"], nodes, opsets)
        )
    return model


def recursive_function(length: int = 1) -> ModelProto:
    """Functions that call each other in a circle."""
    model = function_bomb(length, 1)
    model.functions[-1].node[0].op_type = "f0"
    model.functions[-1].node[0].domain = "own"
    return model


def big_contraction() -> ModelProto:
    """Two constants whose product is one number, after 2^40 multiplications."""
    model = parsed(
        "g (float x) => (float[1,1] y) { p = MatMul(a, b) q = MatMul(p, c) y = Add(q, x) }"
    )
    for name, shape in (("a", (1, 1 << 10)), ("b", (1 << 10, 1 << 10)), ("c", (1 << 10, 1))):
        model.graph.initializer.append(numpy_helper.from_array(np.ones(shape, np.float32), name))
    return model


def ladder(operator: str, *inputs: str, rungs: int = 1200) -> ModelProto:
    """Nodes that read the one before and another: a recursion over operands would be as deep.

    `{last}` and `{before}` in the inputs stand for the last result and the one before it.
    """
    names = ["x", "x", *(f"v{rung}" for rung in range(rungs))]
    nodes = [
        helper.make_node(
            operator,
            [name.format(before=names[i], last=names[i + 1]) for name in inputs],
            [names[i + 2]],
        )
        for i in range(rungs)
    ]
    model = _model(nodes, "x", names[-1], [4])
    model.graph.initializer.append(numpy_helper.from_array(np.array(2, np.float32), "two"))
    return model


def doubled_size(times: int) -> ModelProto:
    """The size of a dynamic dimension, doubled again and again: 2^times ways back to the input."""
    steps = " ".join(f"s{i + 1} = Add(s{i}, s{i})" for i in range(times))
    return parsed(
        f"g (float[n] x) => (float[m] y) {{ s0 = Shape(x) {steps} y = ConstantOfShape(s{times}) }}"
    )


def split(count: int) -> ModelProto:
    """One node with many results."""
    results = [f"v{i}" for i in range(count)]
    node = helper.make_node("Split", ["x"], results, num_outputs=count)
    return _model([node], "x", results[-1], [count], [1])


def deep_names(depth: int, nodes: int = 6) -> ModelProto:
    """Nodes whose names say that they are in modules in modules in modules."""
    model = chain(nodes)
    for number, node in enumerate(model.graph.node):
        node.name = "/m" * depth + f"/n{number}"
    return model


def deep_weights(depth: int) -> ModelProto:
    """Weights whose names say that they are in modules in modules in modules."""
    names = [f"{'m.' * depth}w{i}" for i in range(4)]
    model = _model([helper.make_node("Sum", ["x", *names], ["y"], "/m/sum/Sum")], "x", "y", [4])
    weights = (numpy_helper.from_array(np.arange(4, dtype=np.float32), name) for name in names)
    model.graph.initializer.extend(weights)
    return model


BOMBS: dict[str, Callable[[], ModelProto]] = {
    **{name: (lambda text=text: parsed(text)) for name, text in CONSTANTS.items()},
    "Loop without end": loop_without_end,
    "functions that expand to 10^12 nodes": lambda: function_bomb(12, 10),
    "a recursive function": recursive_function,
    "a circle of functions": lambda: recursive_function(5),
    "one node with 50,000 inputs": lambda: wide_sum(50_000),
    "a contraction": big_contraction,
    "a ladder of sums": lambda: ladder("Add", "{last}", "{before}"),
    "a long product": lambda: ladder("Mul", "{last}", "x"),
    "a long quotient": lambda: ladder("Div", "{last}", "two"),
    "a size doubled 60 times": lambda: doubled_size(60),
    "a size doubled 1,200 times": lambda: doubled_size(1200),
    "modules 20,000 deep": lambda: deep_names(20_000),
    "weights 20,000 deep": lambda: deep_weights(20_000),
}
