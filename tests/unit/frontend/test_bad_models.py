"""What is no model, or a wrong one, is one RamielError with one clear line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from ramiel.errors import RamielError
from ramiel.frontend import lift_file

Parse = Callable[[str], ModelProto]

RELU = "g (float[4] x) => (float[4] y) { y = Relu(x) }"


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes | ModelProto], str]:
    """The message for a file with these contents."""

    def refusal(contents: bytes | ModelProto) -> str:
        file = tmp_path / "bad.onnx"
        file.write_bytes(
            contents.SerializeToString() if isinstance(contents, ModelProto) else contents
        )
        with pytest.raises(RamielError) as raised:
            lift_file(file)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return refusal


Refusal = Callable[[bytes | ModelProto], str]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RamielError, match=r"cannot read .*gone\.onnx: No such file"):
        lift_file(tmp_path / "gone.onnx")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(RamielError, match="Is a directory"):
        lift_file(tmp_path)


@pytest.mark.parametrize("text", [b"", b"This is not a model.\n", b"<html>404</html>", b"\0" * 99])
def test_no_model_at_all(refusal: Refusal, text: bytes) -> None:
    assert "is no ONNX model" in refusal(text)


def test_a_truncated_file(refusal: Refusal, parse: Parse) -> None:
    data = parse(RELU).SerializeToString()
    assert "is no ONNX model, or is cut off" in refusal(data[: len(data) // 2])


def test_an_opset_of_the_future(refusal: Refusal, parse: Parse) -> None:
    model = parse(RELU)
    model.opset_import[0].version = 999
    assert re.search(r"needs opset 999; the installed onnx knows up to \d+", refusal(model))


def test_no_opset(refusal: Refusal, parse: Parse) -> None:
    model = parse(RELU)
    del model.opset_import[:]
    assert "imports no operator set" in refusal(model)


def test_no_outputs(refusal: Refusal, parse: Parse) -> None:
    model = parse(RELU)
    del model.graph.output[:]
    assert "has no outputs" in refusal(model)


def test_an_output_that_nobody_computes(refusal: Refusal, parse: Parse) -> None:
    model = parse(RELU)
    model.graph.output[0].name = "z"
    assert refusal(model) == "output 'z' is computed by no node"


def test_an_input_that_nobody_computes(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Add(x, ghost) }")
    model.graph.node[0].name = "/block/Add"
    found = refusal(model)
    assert found == "node '/block/Add' (Add): reads 'ghost', which no earlier node computes"


def test_nodes_out_of_order(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Exp(a) a = Relu(x) }")
    assert refusal(model) == "node 'y' (Exp): reads 'a', which no earlier node computes"


def test_a_value_computed_twice(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Exp(x) y = Relu(x) }")
    model.graph.node[1].name = "/second"
    assert refusal(model) == "node '/second' (Relu): computes 'y', which is computed already"


def test_an_attribute_that_the_operator_has_not(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Relu<speed = 3>(x) }")
    model.graph.node[0].name = "/Relu"
    found = refusal(model)
    assert found.startswith("node '/Relu' (Relu)")
    assert "speed" in found


def test_a_missing_attribute_that_the_operator_needs(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Concat(x) }")
    assert refusal(model) == "node 'y' (Concat): has no attribute 'axis', which it needs"


def test_an_integer_where_the_operator_wants_a_float(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = LeakyRelu<alpha = 1>(x) }")
    assert refusal(model) == "node 'y' (LeakyRelu): attribute 'alpha' is no FLOAT"


def test_a_domain_that_the_model_does_not_import(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = com.microsoft.Gelu(x) }")
    model.graph.node[0].name = "/Gelu"
    assert refusal(model) == (
        "node '/Gelu' (Gelu): the model does not import its domain 'com.microsoft', only "
        "ai.onnx, com.acme"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "g (bool[4] x) => (bool[4] y) { y = Relu(x) }",
            "node 'y' (Relu): operand 0 (X) is tensor(bool), Relu of opset version 14 takes "
            "tensor(bfloat16), tensor(double), tensor(float), tensor(float16), tensor(int16), "
            "tensor(int32), tensor(int64), tensor(int8)",
        ),
        (
            "g (float[4] x, double[4] z) => (float[4] y) { y = Add(x, z) }",
            "node 'y' (Add): operand 1 (B) is tensor(double) and operand 0 (A) tensor(float), "
            "Add of opset version 14 takes one type for both",
        ),
        (
            "g (uint16[4] x) => (uint16 y) { y = ReduceL2(x) }",
            "node 'y' (ReduceL2): operand 0 (data) is tensor(uint16), ReduceL2 of opset version 13 "
            "takes tensor(bfloat16), tensor(double), tensor(float), tensor(float16), "
            "tensor(int32), tensor(int64), tensor(uint32), tensor(uint64)",
        ),
        (
            "g (float[4] x) => (float[4] y) { b = Cast<to = 9>(x) y = Sum(x, b) }",
            "node 'y' (Sum): operand 1 (data_0) is tensor(bool), Sum of opset version 13 takes "
            "tensor(bfloat16), tensor(double), tensor(float), tensor(float16)",
        ),
        (
            "g (seq(float[4]) s) => (float[4] y) { y = Exp(s) }",
            "node 'y' (Exp): operand 0 (input) is seq(tensor(float)), Exp of opset version 13 "
            "takes tensor(bfloat16), tensor(double), tensor(float), tensor(float16)",
        ),
    ],
)
def test_operands_of_types_that_the_operator_does_not_take(
    refusal: Refusal, parse: Parse, text: str, message: str
) -> None:
    model = parse(text)
    assert refusal(model) == message


def test_types_inside_a_branch_and_of_what_it_captures(refusal: Refusal, parse: Parse) -> None:
    model = parse(
        """g (float[4] x, bool c) => (float[4] y) { y = If(c) <
            then_branch = a () => (float[4] z) { z = Add(x, c) },
            else_branch = b () => (float[4] z) { z = Relu(x) }
        > }"""
    )
    assert "node 'z' (Add): operand 1 (B) is tensor(bool)" in refusal(model)


def test_too_many_operands(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Relu(x, x) }")
    assert refusal(model) == "node 'y' (Relu): at most 1 operands, got 2"


def test_too_few_operands(refusal: Refusal, parse: Parse) -> None:
    model = parse("g (float[4] x) => (float[4] y) { y = Add(x) }")
    model.graph.node[0].name = "/block/Add"
    assert "/block/Add" in refusal(model)


def test_a_constant_without_a_value(refusal: Refusal, parse: Parse) -> None:
    model = parse("g () => (float y) { y = Constant() }")
    assert refusal(model).startswith("node 'y' (Constant): ")


def test_a_weight_with_too_few_bytes(parse: Parse, tmp_path: Path) -> None:
    model = parse(RELU)
    tensor = TensorProto(name="w", dims=[1000], data_type=TensorProto.FLOAT, raw_data=b"1234")
    model.graph.initializer.append(tensor)
    model.graph.node[0].CopyFrom(helper.make_node("Add", ["x", "w"], ["y"], "/Add"))
    file = tmp_path / "short.onnx"
    onnx.save(model, file)
    [graph] = lift_file(file).ops
    with pytest.raises(RamielError, match="tensor 'w' is malformed"):
        graph.store["w"]  # pyright: ignore
