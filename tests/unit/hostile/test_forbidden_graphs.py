"""Graphs that ONNX forbids are one clear line; those that are only unusual compile."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx import ModelProto, SparseTensorProto, TensorProto, helper, numpy_helper
from onnx.parser import parse_model

from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import compile as compile_and_load


def model(text: str, opsets: str = '"": 17') -> ModelProto:
    """The model of a graph's text."""
    return parse_model(f"<ir_version: 8, opset_import: [{opsets}]>\n{text}")


def refusal(found: ModelProto) -> str:
    """The one line that a model is refused with."""
    with pytest.raises(RamielError) as raised:
        compile_model(found)
    assert "\n" not in str(raised.value)
    return str(raised.value)


FORBIDDEN = {
    "cycle": ("a = Add(x, b) b = Relu(a) y = Relu(b)", "reads 'b', which no earlier node computes"),
    "self": ("y = Add(x, y)", "reads 'y', which no earlier node computes"),
    "undefined": ("y = Add(x, ghost)", "reads 'ghost', which no earlier node computes"),
    "unsorted": ("y = Relu(a) a = Relu(x)", "reads 'a', which no earlier node computes"),
    "twice": ("y = Relu(x) y = Exp(x)", "computes 'y', which is computed already"),
    "twice at once": ("y, y = Split(x)", "computes 'y', which is computed already"),
    "over an input": ("x = Relu(x) y = Exp(x)", "computes 'x', which is computed already"),
}


@pytest.mark.parametrize("nodes,message", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_each_value_is_computed_once_and_before_it_is_read(nodes: str, message: str) -> None:
    assert message in refusal(model(f"g (float[4] x) => (float[4] y) {{ {nodes} }}"))


def test_a_node_does_not_compute_an_initializer() -> None:
    weight = "<float[4] w = {1,2,3,4}>"
    found = model(f"g (float[4] x) => (float[4] y) {weight} {{ w = Relu(x) y = Exp(w) }}")
    assert "computes 'w', which is computed already" in refusal(found)


@pytest.mark.parametrize("kind", ["input", "output", "initializer"])
def test_names_are_not_repeated(kind: str) -> None:
    found = model("g (float[4] x) => (float[4] y) <float[4] w = {1,2,3,4}> { y = Add(x, w) }")
    values = getattr(found.graph, kind)
    values.append(values[0])
    assert f"two {kind}s of graph 'g' are called" in refusal(found)


def test_the_format_is_known() -> None:
    found = model("g (float[4] x) => (float[4] y) { y = Relu(x) }")
    found.ir_version = 99
    assert "has IR version 99; the installed onnx knows up to" in refusal(found)


@pytest.mark.parametrize("version", [999, 0, -1, 2**62])
def test_the_opset_is_known(version: int) -> None:
    found = model("g (float[4] x) => (float[4] y) { y = Relu(x) }")
    found.opset_import[0].version = version
    assert f"opset {version}" in refusal(found)


def test_an_operator_of_a_domain_that_is_not_imported() -> None:
    found = model("g (float[4] x) => (float[4] y) { y = com.example.Magic(x) }")
    assert "the model does not import its domain 'com.example'" in refusal(found)


def test_a_domain_that_nobody_knows() -> None:
    found = model(
        "g (float[4] x) => (float[4] y) { y = com.example.Magic(x) }",
        '"": 17, "com.example": 1',
    )
    assert refusal(found) == "node 'y' (com.example.Magic, version 1): is not supported"


def test_an_if_needs_both_branches() -> None:
    found = model(
        "g (bool c, float[4] x) => (float[4] y) {"
        "y = If (c) <then_branch = t () => (float[4] a) { a = Relu(x) },"
        "else_branch = e () => (float[4] b) { b = Exp(x) }> }"
    )
    del found.graph.node[0].attribute[1]
    assert "has no attribute 'else_branch', which it needs" in refusal(found)


def test_an_attribute_stands_once_and_is_of_its_kind() -> None:
    found = model("g (float[4] x) => (float[4] y) { y = Softmax<axis = 0>(x) }")
    found.graph.node[0].attribute.append(helper.make_attribute("axis", 0))
    assert "has two attributes 'axis'" in refusal(found)
    del found.graph.node[0].attribute[:]
    found.graph.node[0].attribute.append(helper.make_attribute("axis", "0"))
    assert "attribute 'axis' is no INT" in refusal(found)


def test_a_name_is_text() -> None:
    data = model("g (float[4] x) => (float[4] y) { y = Relu(x) }").SerializeToString()
    bad = ModelProto.FromString(data.replace(b"Relu", b"Re\xff\xfe"))
    assert "no UTF-8" in refusal(bad)


def test_sparse_initializers_are_refused_by_name() -> None:
    found = model("g (float[4] x) => (float[4] y) { y = Add(x, w) }")
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [2.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [1])
    found.graph.sparse_initializer.append(
        SparseTensorProto(values=values, indices=indices, dims=[4])
    )
    assert refusal(found) == "initializer 'w' is sparse, which is not supported"


def test_an_input_may_be_an_output() -> None:
    found = model("g (float[4] x) => (float[4] x) { }")
    with compile_and_load(found, executor="serial") as compiled:
        assert compiled(torch.arange(4.0)).tolist() == [0, 1, 2, 3]


def test_an_initializer_may_be_an_output() -> None:
    found = model("g (float[2] x) => (float[2] y, float[2] w) { y = Add(x, w) }")
    found.graph.initializer.append(numpy_helper.from_array(np.array([2, 3], np.float32), "w"))
    with compile_and_load(found, executor="serial") as compiled:
        y, w = compiled(torch.ones(2))
    assert y.tolist() == [3, 4] and w.tolist() == [2, 3]
