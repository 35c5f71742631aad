"""constant-fold: what is known when compiling is computed then, within limits."""

from __future__ import annotations

import numpy as np
import onnx.parser
import pytest
from onnx import ModelProto, numpy_helper
from xdsl.context import Context

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.frontend import lift_model
from ramiel.remarks import collected
from ramiel.tensors import from_dense
from ramiel.transforms.constant_fold import ConstantFold
from tests.unit.transforms.pipelines import apply, evaluate, export, operators, random, transformed

PIPELINE = ("upgrade-onnx", "infer-shapes", "constant-fold")


def model(signature: str, body: str, **weights: tuple[int, ...]) -> ModelProto:
    """A model of opset 20 from ONNX's textual form, with random weights of some shapes."""
    header = '<ir_version: 8, opset_import: ["": 20]>'
    source = onnx.parser.parse_model(f"{header} g {signature} {{ {body} }}")
    for node in source.graph.node:
        node.name = f"/{node.output[0]}"
    for name, shape in weights.items():
        source.graph.initializer.append(numpy_helper.from_array(random(*shape), name))
    return source


def fold(source: ModelProto, **limits: int) -> tuple[GraphOp, list[str]]:
    """Fold within limits; the graph and the remarks."""
    module = lift_model(source, "model")
    apply(module, *PIPELINE[:2])
    with collected() as remarks:
        ConstantFold(**limits).apply(Context(), module)
    return apply(module), remarks


def test_small_result_is_inline() -> None:
    body = (
        "a = Constant <value = float[2] {1.0, 2.0}> ()\n b = Constant <value = float {0.5}> ()\n"
        "c = Add (a, b)\n y = Add (x, c)"
    )
    graph = transformed(model("(float[2] x) => (float[2] y)", body), *PIPELINE)
    assert operators(graph) == ["Add"]
    constant = next(iter(graph.block.ops))
    assert isinstance(constant, ConstantOp)
    assert from_dense(constant.value).tolist() == [1.5, 2.5]
    assert constant.result.name_hint == "c"
    assert "/c" in str(constant.location)


def test_chain_over_a_weight_becomes_one_new_weight() -> None:
    body = "t = Transpose (w)\n u = Relu (t)\n y = MatMul (x, u)"
    source = model("(float[1,8] x) => (float[1,6] y)", body, w=(6, 8))
    graph = transformed(source, *PIPELINE)
    assert operators(graph) == ["MatMul"]
    weight = next(iter(graph.block.ops))
    assert isinstance(weight, WeightOp)
    assert weight.weight_name.data == "w_transpose_relu"
    # What stood between is not kept.
    assert list(graph.store.overlay) == ["w_transpose_relu"]
    x = random(1, 8, seed=7)
    found, expected = (evaluate(given, [x])[0] for given in (export(graph), source))
    # A matrix of another memory layout is added up in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_random_operators_and_graphs_are_not_folded() -> None:
    body = (
        "r = RandomNormal <shape = [2]> ()\n c = Constant <value = bool {1}> ()\n"
        "i = If (c) <then_branch = a () => (float[2] p) { p = Relu (w) },"
        " else_branch = b () => (float[2] q) { q = Abs (w) }>\n"
        "y = Add (r, i)"
    )
    graph, _ = fold(model("() => (float[2] y)", body, w=(2,)))
    assert operators(graph) == ["RandomNormal", "If", "Add"]


LIMITS = {
    "max_result_bytes": "/t: not folded: its 192 bytes are over 100",
    "max_total_bytes": "/t: not folded: all results would be over 100 bytes",
    "max_flops": "/t: not folded: its 48 floating-point operations are over 40",
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    limit = 40 if name == "max_flops" else 100
    source = model("(float[6,8] x) => (float[6,8] y)", "t = Relu (w)\n y = Add (x, t)", w=(6, 8))
    graph, remarks = fold(source, **{name: limit})
    assert operators(graph) == ["Relu", "Add"]
    assert remarks == [LIMITS[name]]


def test_memory_does_not_grow_for_nothing() -> None:
    body = (
        "s = Constant <value = int64[2] {1024, 1024}> ()\n t = ConstantOfShape (s)\n y = Add (x, t)"
    )
    graph, remarks = fold(model("(float[1024,1024] x) => (float[1024,1024] y)", body))
    assert operators(graph) == ["ConstantOfShape", "Add"]
    assert remarks == ["/t: not folded: its 4194304 bytes are made of 16"]


def test_result_of_unknown_size_is_not_folded() -> None:
    body = "t = NonZero (w)\n y = Add (x, t)"
    graph, _ = fold(model("(int64[1,n] x) => (int64[1,n] y)", body, w=(20,)))
    assert operators(graph) == ["NonZero", "Add"]


def test_operator_without_a_meaning_is_not_folded() -> None:
    body = "b = Constant <value = uint8[2] {1, 2}> ()\nt = ImageDecoder (b)\ny = Add (x, t)"
    graph, _ = fold(model("(uint8[5, 8, 3] x) => (uint8[5, 8, 3] y)", body))
    assert operators(graph) == ["ImageDecoder", "Add"]
