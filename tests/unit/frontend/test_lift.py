"""What a lifted graph holds: inputs, types, weights, constants, names and locations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import ModelProto, helper, numpy_helper
from xdsl.ir import Operation

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.locations import node_name
from ramiel.weight_files import weight_names

Lift = Callable[[str | ModelProto], GraphOp]
Text = Callable[[Operation], str]
Parse = Callable[[str], ModelProto]


def operations(graph: GraphOp) -> list[str]:
    """The names of the graph's operations."""
    return [op.name for op in graph.block.ops]


def test_nodes_become_operations_under_their_names(parse: Parse, lift: Lift, text: Text) -> None:
    model = parse("g (float[2, 4] x) => (float[2, 4] y) { a = Relu(x) y = Exp(a) }")
    model.graph.node[0].name = "/block/block.0/Relu"
    graph = lift(model)
    relu, exp, _ = graph.block.ops
    assert text(relu) == (
        "%block_0_relu = onnx.Relu(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32> "
        'loc("/block/block.0/Relu")'
    )
    # A node without a name is known by its output.
    assert (node_name(exp), exp.results[0].name_hint) == ("y", "y")


def test_symbolic_dimensions_keep_their_names(lift: Lift, text: Text) -> None:
    graph = lift("g (float[N, 4] x) => (float[N, 4] y) { y = Relu(x) }")
    assert 'onnx.Relu(%x) : (tensor<?x4xf32, ["N"]>) -> tensor<?x4xf32, ["N"]>' in text(graph)


def test_types_in_between_are_inferred(lift: Lift, text: Text) -> None:
    graph = lift(
        "g (float[2, 3] x) => (float[3, 2] y) { a = Transpose<perm = [1, 0]>(x) y = Exp(a) }"
    )
    assert (
        "%a = onnx.Transpose_v13(%x) {perm = [1, 0]} : (tensor<2x3xf32>) -> tensor<3x2xf32>"
        in text(graph)
    )


def test_initializers_are_weights_and_no_inputs(lift: Lift) -> None:
    # Before IR version 4 initializers were listed as inputs too.
    graph = lift(
        "g (float[4] x, float[4] w) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Add(x, w) }"
    )
    assert graph.argument_names() == ["x"]
    assert weight_names(graph) == ["w"]
    np.testing.assert_array_equal(graph.store["w"], np.array([1, 2, 3, 4], np.float32))


def test_initializers_that_nobody_reads_are_left_out(lift: Lift) -> None:
    graph = lift("g (float[4] x) => (float[4] y) <float[4] unused = {1, 2, 3, 4}> { y = Relu(x) }")
    assert operations(graph) == ["onnx.Relu", "dataflow.output"]


def test_an_initializer_can_be_an_output(lift: Lift) -> None:
    graph = lift("g (float[1] x) => (float[1] w) <float[1] w = {1}> { y = Relu(x) }")
    assert isinstance(graph.output.values[0].owner, WeightOp)


def test_small_constants_stand_in_the_text_and_large_ones_are_weights(lift: Lift) -> None:
    def constant(elements: int) -> Operation:
        tensor = numpy_helper.from_array(np.arange(elements, dtype=np.float32))
        model = helper.make_model(
            helper.make_graph(
                [helper.make_node("Constant", [], ["c"], value=tensor)],
                "g",
                [],
                [helper.make_tensor_value_info("c", 1, [elements])],
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        graph = lift(model)
        made = graph.block.first_op
        assert made is not None
        if isinstance(made, WeightOp):
            assert graph.store["c"].shape == (elements,)
        return made

    assert isinstance(constant(16), ConstantOp)
    assert isinstance(constant(17), WeightOp)


def test_constants_of_every_form_are_tensors(lift: Lift, text: Text) -> None:
    graph = lift(
        """g () => (float a, float[2] b, int64 c, int64[2] d) {
             a = Constant<value_float = 1.5>()
             b = Constant<value_floats = [1.5, 2.5]>()
             c = Constant<value_int = 7>()
             d = Constant<value_ints = [7, 8]>()
           }"""
    )
    shown = text(graph)
    assert "dense<1.500000e+00> : tensor<f32>" in shown
    assert "dense<[1.500000e+00, 2.500000e+00]> : tensor<2xf32>" in shown
    assert "dense<7> : tensor<i64>" in shown
    assert "dense<[7, 8]> : tensor<2xi64>" in shown


def test_shared_parameters_stay_one_weight(lift: Lift) -> None:
    graph = lift(
        """g (float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> {
             w2 = Identity(w)
             a = Add(x, w)
             y = Add(a, w2)
           }"""
    )
    assert weight_names(graph) == ["w"]


def test_attributes_are_the_shortest_decimals_of_their_floats(lift: Lift, text: Text) -> None:
    graph = lift("g (float[4] x) => (float[4] y) { y = LeakyRelu<alpha = 0.1>(x) }")
    assert "{alpha = 0.1}" in text(graph)


def test_absent_operands_and_results_keep_their_place(lift: Lift, text: Text) -> None:
    graph = lift("g (float[4] x, float m) => (float[4] y) { y = Clip(x, , m) }")
    assert "onnx.Clip(%x, _, %m)" in text(graph)


def test_an_operator_without_a_schema_is_kept_to_be_shown(lift: Lift, text: Text) -> None:
    graph = lift("g (float[4] x) => (float[4] y) { y = com.acme.Wobble<gain = 2>(x) }")
    shown = text(graph)
    assert 'op_type = "Wobble"' in shown
    assert 'domain = "com.acme"' in shown


def test_model_local_functions_are_inlined(parse: Parse, lift: Lift) -> None:
    graph = lift(
        parse(
            """g (float[4] x) => (float[4] y) { y = com.acme.Twice(x) }
               <domain: "com.acme", opset_import: ["": 17]>
               Twice (v) => (w) { w = Add(v, v) }"""
        )
    )
    assert operations(graph) == ["onnx.Add", "dataflow.output"]


def test_the_opset_decides_the_form_of_an_operator(lift: Lift) -> None:
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", 1, [4])],
            [helper.make_tensor_value_info("y", 1, [4])],
        ),
        opset_imports=[helper.make_opsetid("", 6)],
        ir_version=3,
    )
    assert operations(lift(model)) == ["onnx.Relu_v6", "dataflow.output"]
