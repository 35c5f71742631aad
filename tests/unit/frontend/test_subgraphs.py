"""Bodies of If and Loop: block arguments, captured values, outer weights."""

from __future__ import annotations

from collections.abc import Callable

from onnx import ModelProto

from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.onnx_operation import OnnxOperation

Lift = Callable[[str | ModelProto], GraphOp]

BRANCHES = """g (float[4] x, bool p) => (float[4] y) <float[4] w = {1, 2, 3, 4}> {
    a = Relu(x)
    y = If(p) <
        then_branch = then () => (float[4] b) { b = Mul(a, w) },
        else_branch = otherwise () => (float[4] c) { c = Neg(x) }
    >
}"""

LOOP = """g (int64 n, bool p, float[4] x, float[4] step) => (float[4] y) {
    y = Loop(n, p, x) <
        body = body (int64 i, bool go, float[4] v) => (bool on, float[4] next) {
            on = Identity(go)
            next = Add(v, step)
        }
    >
}"""


def operation(graph: GraphOp, operator: str) -> OnnxOperation:
    """The graph's one operation of a type."""
    [found] = [
        op for op in graph.block.ops if isinstance(op, OnnxOperation) and op.operator == operator
    ]
    return found


def test_branches_capture_values_and_weights_of_the_graph(lift: Lift) -> None:
    graph = lift(BRANCHES)
    branch = operation(graph, "If").graph("then_branch").block
    product = branch.first_op
    assert isinstance(product, OnnxOperation)
    a, w = product.operands
    assert a.owner is operation(graph, "Relu")
    # The weight stands in the main graph, before the body that reads it.
    assert isinstance(w.owner, WeightOp)
    assert w.owner.parent_op() is graph


def test_branches_have_their_own_names(lift: Lift) -> None:
    branches = operation(lift(BRANCHES), "If")
    assert [len(branches.graph(name).block.args) for name in branches.GRAPH_NAMES] == [0, 0]


def test_a_loop_body_has_its_own_arguments(lift: Lift) -> None:
    graph = lift(LOOP)
    body = operation(graph, "Loop").graph("body").block
    assert [argument.name_hint for argument in body.args] == ["i", "go", "v"]
    addition = body.ops.last.prev_op if body.ops.last is not None else None
    assert isinstance(addition, OnnxOperation)
    assert addition.operands[0] is body.args[2]
    assert addition.operands[1] is graph.arguments[3]


def test_initializers_of_a_body_are_its_constants(lift: Lift) -> None:
    graph = lift(
        """g (float[2] x, bool p) => (float[2] y) {
             y = If(p) <
               then_branch = t () => (float[2] b) <float[2] k = {1, 2}> { b = Mul(x, k) },
               else_branch = e () => (float[2] c) { c = Neg(x) }
             >
           }"""
    )
    names = [op.name for op in operation(graph, "If").graph("then_branch").block.ops]
    assert names == ["dataflow.constant", "onnx.Mul", "dataflow.output"]


def test_graphs_side_by_side_may_use_the_same_names(lift: Lift) -> None:
    """One type for a name would be that of the last graph which uses it."""
    graph = lift(
        """g (bool p, float[2] x, int64[3,4] n) => (float[2] y, int64[3,4] m) {
             y = If(p) <
               then_branch = t () => (float[2] r) { s = Neg(x) r = Relu(s) },
               else_branch = e () => (float[2] r) { s = Abs(x) r = Relu(s) }
             >
             m = If(p) <
               then_branch = t () => (int64[3,4] r) { s = Neg(n) r = Abs(s) },
               else_branch = e () => (int64[3,4] r) { s = Abs(n) r = Neg(s) }
             >
           }"""
    )
    found = [op for op in graph.block.ops if isinstance(op, OnnxOperation)]
    for branches, text in zip(found, ("tensor<2xf32>", "tensor<3x4xi64>"), strict=True):
        for name in branches.GRAPH_NAMES:
            ops = [op for op in branches.graph(name).block.ops if op.results]
            assert [str(op.results[0].type) for op in ops] == [text, text]
