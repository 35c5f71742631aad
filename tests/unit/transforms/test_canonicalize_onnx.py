"""canonicalize-onnx: fewer operations, the same values."""

from __future__ import annotations

import numpy as np
import onnx.parser
import pytest
from onnx import ModelProto

from ramiel.dialects.dataflow import ConstantOp, GraphOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import Array, from_dense
from tests.unit.transforms.pipelines import evaluate, export, operators, random, transformed

PIPELINE = ("upgrade-onnx", "infer-shapes", "canonicalize-onnx")
SHAPES = {"x": (2, 3, 4), "n": (2, 3, 4)}


def model(signature: str, body: str) -> ModelProto:
    """A model of opset 18 from ONNX's textual form."""
    header = '<ir_version: 8, opset_import: ["": 18]>'
    return onnx.parser.parse_model(f"{header} g {signature} {{ {body} }}")


def check(signature: str, body: str, expected: str, *inputs: Array) -> GraphOp:
    """Canonicalize; the operators that are left, and the values before and after."""
    source = model(signature, body)
    graph = transformed(source, *PIPELINE)
    assert " ".join(operators(graph)) == expected
    for before, after in zip(
        evaluate(source, inputs), evaluate(export(graph), inputs), strict=True
    ):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    return graph


STATIC = "(float[2,3,4] x) => (float[2,3,4] y)"
ZERO = "zero = Constant <value = float {0.0}> ()\n"
IDENTITIES = {
    "identity": "y = Identity (x)",
    "dropout": "r = Constant <value = float {0.5}> ()\n y = Dropout (x, r)",
    "reshape": "s = Constant <value = int64[3] {2, -1, 4}> ()\n y = Reshape (x, s)",
    "cast": "y = Cast <to = 1> (x)",
    "transpose": "y = Transpose <perm = [0, 1, 2]> (x)",
    "transposes": "t = Transpose <perm = [2, 0, 1]> (x)\n y = Transpose <perm = [1, 2, 0]> (t)",
    "reversing transposes": "t = Transpose (x)\n y = Transpose (t)",
    "pad": "p = Constant <value = int64[6] {0, 0, 0, 0, 0, 0}> ()\n y = Pad (x, p)",
    "slice": (
        "a = Constant <value = int64[1] {0}> ()\n b = Constant <value = int64[1] {99}> ()\n"
        "y = Slice (x, a, b)"
    ),
    "tile": "r = Constant <value = int64[3] {1, 1, 1}> ()\n y = Tile (x, r)",
    "concat": "y = Concat <axis = 1> (x)",
    "sum": "y = Sum (x)",
    "expand": "s = Constant <value = int64[2] {3, 1}> ()\n y = Expand (x, s)",
    "squeeze of unsqueeze": (
        "a = Constant <value = int64[1] {0}> ()\n u = Unsqueeze (x, a)\n y = Squeeze (u, a)"
    ),
    "times one": "one = Constant <value = float {1.0}> ()\n y = Mul (one, x)",
    "minus zero": ZERO + "y = Sub (x, zero)",
    "plus negative zero": "zero = Constant <value = float {-0.0}> ()\n y = Add (x, zero)",
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_what_changes_nothing_goes(name: str) -> None:
    check(STATIC, IDENTITIES[name], "", random(2, 3, 4))


KEPT = {
    # x + 0.0 makes 0.0 of -0.0.
    "plus zero": (ZERO + "y = Add (x, zero)", "Add"),
    "reversing slice": (
        "a = Constant <value = int64[1] {-1}> ()\n b = Constant <value = int64[1] {-99}> ()\n"
        "i = Constant <value = int64[1] {0}> ()\n y = Slice (x, a, b, i, a)",
        "Slice",
    ),
    "widening pad": (
        "p = Constant <value = int64[6] {0, 0, 1, 0, 0, 0}> ()\n y = Pad (x, p)",
        "Pad",
    ),
    "minus negative zero": (
        "zero = Constant <value = float {-0.0}> ()\n y = Sub (x, zero)",
        "Sub",
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_changes_a_bit_stays(name: str) -> None:
    x = random(2, 3, 4)
    x[0, 0, 0] = -0.0
    graph = check(STATIC, *KEPT[name], x)
    source = evaluate(model(STATIC, KEPT[name][0]), [x])[0]
    assert (np.signbit(evaluate(export(graph), [x])[0]) == np.signbit(source)).all()


def test_mask_of_dropout_keeps_it() -> None:
    signature = "(float[2] x) => (float[2] y, bool[2] mask)"
    graph = transformed(model(signature, "y, mask = Dropout (x)"), *PIPELINE)
    assert operators(graph) == ["Dropout"]


def test_training_dropout_stays() -> None:
    body = "r = Constant <value = float {0.5}> ()\n y = Dropout (x, r, training)"
    signature = "(float[2] x, bool training) => (float[2] y)"
    assert operators(transformed(model(signature, body), *PIPELINE)) == ["Dropout"]


def test_transposes_join() -> None:
    body = "t = Transpose <perm = [1, 0, 2]> (x)\n y = Transpose <perm = [2, 0, 1]> (t)"
    check("(float[2,3,4] x) => (float[4,3,2] y)", body, "Transpose", random(2, 3, 4))


def test_reshapes_join() -> None:
    body = (
        "s = Constant <value = int64[2] {6, 4}> ()\n t = Constant <value = int64[2] {-1, 2}> ()\n"
        "r = Reshape (x, s)\n y = Reshape (r, t)"
    )
    check("(float[2,3,4] x) => (float[12,2] y)", body, "Reshape", random(2, 3, 4))


def test_copying_reshape_reads_the_inner_shape() -> None:
    body = (
        "s = Constant <value = int64[2] {6, -1}> ()\n"
        "t = Constant <value = int64[3] {0, 2, -1}> ()\n"
        "r = Reshape (x, s)\n y = Reshape (r, t)"
    )
    check("(float[n,3,4] x) => (float[a,b,c] y)", body, "Reshape Reshape", random(2, 3, 4))


def constant(graph: GraphOp) -> list[int]:
    """The elements of the only constant of the graph."""
    [found] = [op for op in graph.block.ops if isinstance(op, ConstantOp)]
    return from_dense(found.value).reshape(-1).tolist()


DYNAMIC = "(float[n,3,m] x) => "
KNOWN = {
    "shape with start": ("int64[1] y", "y = Shape <start = 1, end = 2> (x)", [3]),
    "gather": (
        "int64 y",
        "i = Constant <value = int64 {1}> ()\n s = Shape (x)\n y = Gather (s, i)",
        [3],
    ),
    "slice": (
        "int64[1] y",
        "a = Constant <value = int64[1] {-2}> ()\n b = Constant <value = int64[1] {-1}> ()\n"
        "s = Shape (x)\n y = Slice (s, a, b)",
        [3],
    ),
    "arithmetic": (
        "int64[2] y",
        "i = Constant <value = int64 {1}> ()\n c = Constant <value = int64 {-2}> ()\n"
        "zero = Constant <value = int64[1] {0}> ()\n"
        "s = Shape (x)\n d = Gather (s, i)\n e = Div (d, c)\n f = Unsqueeze (e, zero)\n"
        "g = Unsqueeze (d, zero)\n y = Concat <axis = 0> (f, g)",
        [-1, 3],
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_dimensions_are_constant_beside_dynamic_ones(name: str) -> None:
    result, body, expected = KNOWN[name]
    graph = check(f"{DYNAMIC} ({result})", body, "", random(2, 3, 4))
    assert constant(graph) == expected


def test_dynamic_dimension_stays() -> None:
    body = "i = Constant <value = int64 {0}> ()\n s = Shape (x)\n y = Gather (s, i)"
    check(f"{DYNAMIC} (int64 y)", body, "Shape Gather", random(2, 3, 4))


def test_size() -> None:
    assert constant(check("(float[2,3] x) => (int64 y)", "y = Size (x)", "", random(2, 3))) == [6]


def test_reshape_to_a_shape_with_one_unknown_dimension() -> None:
    body = (
        "i = Constant <value = int64[1] {0}> ()\n t = Constant <value = int64[2] {-1, 6}> ()\n"
        "c = Constant <value = int64[2] {2, 6}> ()\n s = Shape (x)\n n = Gather (s, i)\n"
        "target = Concat <axis = 0> (n, c)\n y = Reshape (x, target)"
    )
    graph = check("(float[n,3,4] x) => (float[n,2,6] y)", body, "Reshape", random(5, 3, 4))
    assert constant(graph) == [-1, 2, 6]


def test_reshape_that_keeps_two_dynamic_dimensions() -> None:
    """As attention does: [batch, length, 12] -> [batch, length, 3, 4]."""
    body = (
        "i = Constant <value = int64[2] {0, 1}> ()\n c = Constant <value = int64[2] {3, 4}> ()\n"
        "s = Shape (x)\n n = Gather (s, i)\n"
        "target = Concat <axis = 0> (n, c)\n y = Reshape (x, target)"
    )
    signature = "(float[batch,length,12] x) => (float[batch,length,3,4] y)"
    assert constant(check(signature, body, "Reshape", random(5, 2, 12))) == [0, 0, 3, 4]


def test_shape_arithmetic_that_would_overflow_is_left_alone() -> None:
    body = (
        "big = Constant <value = int64 {4611686018427387904}> ()\n"
        "four = Constant <value = int64 {4}> ()\n y = Mul (big, four)"
    )
    assert operators(transformed(model("() => (int64 y)", body), *PIPELINE)) == ["Mul"]


def test_branch_of_a_known_condition() -> None:
    body = (
        "c = Constant <value = bool {0}> ()\n"
        "y = If (c) <then_branch = g1 () => (float[2] a) { a = Neg (x) },"
        " else_branch = g2 () => (float[2] b) { b = Abs (x) }>"
    )
    graph = transformed(model("(float[2] x) => (float[2] y)", body), *PIPELINE)
    assert operators(graph) == ["Abs"]


def test_names_and_locations_are_kept() -> None:
    body = (
        "t = Transpose <perm = [1, 0]> (x)\n u = Transpose <perm = [1, 0]> (t)\n"
        "y = Relu (u)\n s = Shape <start = 0> (y)"
    )
    source = model("(float[2,3] x) => (float[2,3] y, int64[2] s)", body)
    for node in source.graph.node:
        node.name = f"/layer/{node.op_type}"
    graph = transformed(source, *PIPELINE)
    relu, shape = list(graph.block.ops)[:2]
    assert isinstance(relu, OnnxOperation) and isinstance(shape, ConstantOp)
    assert "/layer/Shape" in str(shape.location)
    assert shape.result.name_hint == "layer_shape"
