"""upgrade-onnx: an upgraded operation computes what the old form was defined to compute."""

# The table's lambdas have no types.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import onnx.parser
import pytest
from onnx import helper

from ramiel.dialects.onnx import operations
from ramiel.tensors import Array
from ramiel.transforms.rewriting import OnnxPattern
from ramiel.transforms.upgrade_onnx import PATTERNS
from ramiel.transforms.upgrades.versions import MEANINGLESS, SAME_MEANING
from tests.unit.transforms.pipelines import evaluate, export, operators, random, transformed

X = random(2, 3, 4)
IMAGE = random(1, 2, 3, 4)


def softmax(x: Array, axis: int) -> Array:
    """Over all dimensions from the axis on, as before opset 13."""
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape)


def enlarge(x: Array) -> Array:
    """Nearest neighbours of an image twice as high and three times as wide."""
    return x.repeat(2, axis=2).repeat(3, axis=3)


def batch_norm(x: Array, scale: Array, bias: Array, mean: Array, variance: Array) -> Array:
    """Over channels, in inference."""
    scale, bias, mean, variance = (v.reshape(-1, 1) for v in (scale, bias, mean, variance))
    return (x - mean) / np.sqrt(variance + 1e-5) * scale + bias


STATISTICS = [random(3, seed=seed) for seed in (1, 2, 3)] + [np.abs(random(3, seed=4))]

CASES: dict[str, tuple[int, str, str, list[Array], Callable[..., Any]]] = {
    # name: opset, node, operators afterwards, inputs, what they are to give
    "relu": (1, "Relu <consumed_inputs=[0]> (x)", "Relu", [X], lambda x: np.maximum(x, 0)),
    "add": (6, "Add (x, y)", "Add", [X, X], lambda x, y: x + y),
    "add-last": (
        6,
        "Add <broadcast=1> (x, y)",
        "Add",
        [X, random(4)],
        lambda x, y: x + y,
    ),
    "mul-along-axis": (
        1,
        "Mul <broadcast=1, axis=1> (x, y)",
        "Unsqueeze Mul",
        [X, random(3)],
        lambda x, y: x * y[:, None],
    ),
    "pow-along-negative-axis": (
        1,
        "Pow <broadcast=1, axis=-3> (x, y)",
        "Unsqueeze Pow",
        [np.abs(X), random(2)],
        lambda x, y: x ** y[:, None, None],
    ),
    "gemm": (
        6,
        "Gemm <broadcast=1> (x, y, z)",
        "Gemm",
        [random(2, 3), random(3, 4), random(4)],
        lambda a, b, c: a @ b + c,
    ),
    "prelu": (
        6,
        "PRelu (x, y)",
        "Unsqueeze PRelu",
        [IMAGE, random(2)],
        lambda x, s: np.where(x < 0, x * s[:, None, None], x),
    ),
    "slice": (
        9,
        "Slice <starts=[1, -3], ends=[3, 1000], axes=[1, 2]> (x)",
        "Slice",
        [X],
        lambda x: x[:, 1:3, -3:],
    ),
    "squeeze": (11, "Squeeze <axes=[0]> (x)", "Squeeze", [IMAGE], lambda x: x[0]),
    "squeeze-all": (11, "Squeeze (x)", "Squeeze", [IMAGE], lambda x: x[0]),
    "unsqueeze": (11, "Unsqueeze <axes=[1]> (x)", "Unsqueeze", [X], lambda x: x[:, None]),
    "reduce-sum": (
        11,
        "ReduceSum <axes=[1], keepdims=0> (x)",
        "ReduceSum",
        [X],
        lambda x: x.sum(1),
    ),
    "reduce-max": (
        12,
        "ReduceMax <axes=[-1]> (x)",
        "ReduceMax",
        [X],
        lambda x: x.max(2)[..., None],
    ),
    "reduce-mean-all": (
        13,
        "ReduceMean <keepdims=0> (x)",
        "ReduceMean",
        [X],
        lambda x: x.mean(dtype=np.float32),
    ),
    "clip": (6, "Clip <min=-0.5, max=0.25> (x)", "Clip", [X], lambda x: x.clip(-0.5, 0.25)),
    "clip-below": (1, "Clip <min=0.5> (x)", "Clip", [X], lambda x: x.clip(0.5)),
    "pad": (
        2,
        "Pad <pads=[0, 0, 1, 0, 0, 2], value=7.0> (x)",
        "Pad",
        [X],
        lambda x: np.pad(x, [(0, 0), (0, 0), (1, 2)], constant_values=7),
    ),
    "pad-reflect": (
        2,
        'Pad <pads=[0, 0, 1, 0, 0, 2], mode="reflect"> (x)',
        "Pad",
        [X],
        lambda x: np.pad(x, [(0, 0), (0, 0), (1, 2)], mode="reflect"),
    ),
    "reshape": (1, "Reshape <shape=[0, -1]> (x)", "Reshape", [X], lambda x: x.reshape(2, 12)),
    "topk": (1, "TopK <k=2> (x)", "TopK", [X], lambda x: -np.sort(-x, axis=-1)[..., :2]),
    "cast": (1, 'Cast <to="INT32"> (x)', "Cast", [X], lambda x: x.astype(np.int32)),
    "concat": (1, "Concat (x, y)", "Concat", [X, X], lambda x, y: np.concatenate([x, y], 1)),
    "selu": (
        1,
        "Selu (x)",
        "Selu",
        [X],
        lambda x: np.where(x > 0, 1.0507 * x, 1.0507 * 1.6732 * (np.exp(x) - 1)),
    ),
    "batch-norm": (
        9,
        "BatchNormalization (x, s, b, m, v)",
        "BatchNormalization",
        [X, *STATISTICS],
        batch_norm,
    ),
    "batch-norm-test": (
        6,
        "BatchNormalization <is_test=1> (x, s, b, m, v)",
        "BatchNormalization",
        [X, *STATISTICS],
        batch_norm,
    ),
    "dropout": (7, "Dropout <ratio=0.9> (x)", "Dropout", [X], lambda x: x),
    "dropout-test": (1, "Dropout <is_test=1> (x)", "Dropout", [X], lambda x: x),
    "scatter": (
        9,
        "Scatter <axis=1> (x, i, u)",
        "ScatterElements",
        [random(1, 3), np.array([[2, 0]]), random(1, 2, seed=5)],
        lambda x, i, u: np.array([[u[0, 1], x[0, 1], u[0, 0]]]),
    ),
    "softmax-last": (11, "Softmax <axis=-1> (x)", "Softmax", [X], lambda x: softmax(x, 2)),
    "softmax": (
        9,
        "Softmax (x)",
        "Flatten Softmax Reshape",
        [X],
        lambda x: softmax(x, 1),
    ),
    "log-softmax": (
        11,
        "LogSoftmax <axis=0> (x)",
        "Flatten LogSoftmax Reshape",
        [X],
        lambda x: np.log(softmax(x, 0)),
    ),
    "softmax-before-ones": (
        11,
        "Softmax (x)",
        "Softmax",
        [random(2, 5, 1, 1)],
        lambda x: softmax(x, 1),
    ),
    "hardmax": (
        11,
        "Hardmax <axis=1> (x)",
        "Flatten Hardmax Reshape",
        [X],
        lambda x: (x == x.max(axis=(1, 2), keepdims=True)).astype(np.float32),
    ),
    "upsample-1": (
        1,
        "Upsample <height_scale=2.0, width_scale=3.0> (x)",
        "Resize",
        [IMAGE],
        enlarge,
    ),
    "upsample-7": (7, "Upsample <scales=[1.0, 1.0, 2.0, 3.0]> (x)", "Resize", [IMAGE], enlarge),
    "lp-pool": (
        1,
        "LpPool <kernel_shape=[3, 4], p=2.0> (x)",
        "LpPool",
        [IMAGE],
        lambda x: np.sqrt((x * x).sum((2, 3), keepdims=True)),
    ),
}


def build(opset: int, node: str, inputs: list[Array], result: Any) -> onnx.ModelProto:
    """A model of one node whose operands are the graph's inputs."""
    operator, _, names = node.partition(" ")
    names = names[names.rindex("(") + 1 : -1].split(", ")
    attributes = node[node.find("<") : node.find(">") + 1]
    types = [helper.np_dtype_to_tensor_dtype(array.dtype) for array in inputs]
    proto = onnx.parser.parse_node(f"result = {operator} {attributes} ({', '.join(names)})")
    if operator == "TopK":
        proto.output.append("indices")
    values = [
        helper.make_tensor_value_info(name, type, array.shape)
        for name, type, array in zip(names, types, inputs, strict=True)
    ]
    kind = helper.np_dtype_to_tensor_dtype(np.asarray(result).dtype)
    output = helper.make_tensor_value_info("result", kind, np.shape(result))
    graph = helper.make_graph([proto], "g", values, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


@pytest.mark.parametrize("name", CASES)
def test_upgraded_operation_computes_the_same(name: str) -> None:
    opset, node, expected_operators, inputs, function = CASES[name]
    expected = np.asarray(function(*inputs)).astype(
        np.int32 if name == "cast" else np.float32, copy=False
    )
    graph = transformed(build(opset, node, inputs, expected), "upgrade-onnx")
    assert " ".join(operators(graph)) == expected_operators
    found = evaluate(export(graph), inputs)[0]
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def model(text: str) -> onnx.ModelProto:
    """A model from ONNX's textual form."""
    return onnx.parser.parse_model(f'<ir_version: 7, opset_import: ["": {text}')


def test_split_of_equal_parts() -> None:
    source = model("11]> g (float[4,2] x) => (float[2,2] a, float[2,2] b) { a, b = Split (x) }")
    graph = transformed(source, "upgrade-onnx")
    x = random(4, 2)
    a, b = evaluate(export(graph), [x])
    np.testing.assert_array_equal(np.concatenate([a, b]), x)
    assert operators(graph) == ["Split"]


def test_split_of_given_sizes() -> None:
    source = model(
        "11]> g (float[4,2] x) => (float[1,2] a, float[3,2] b) { a, b = Split <split=[1, 3]> (x) }"
    )
    graph = transformed(source, "upgrade-onnx")
    a, b = evaluate(export(graph), [random(4, 2)])
    assert (a.shape, b.shape) == ((1, 2), (3, 2))


def test_tile_along_an_axis() -> None:
    source = model(
        """5]> g (float[2,3] x) => (float[2,6] y)
        <float[1] n = {2.0}, float[1] axis = {1.0}> { y = Tile (x, n, axis) }"""
    )
    graph = transformed(source, "upgrade-onnx")
    x = random(2, 3)
    np.testing.assert_array_equal(evaluate(export(graph), [x])[0], np.tile(x, [1, 2]))


@pytest.mark.parametrize("scale", [2.0, 0.6])
def test_resize_of_opset_10_rounds_as_it_did(scale: float) -> None:
    """ONNX's own tests of Resize 10: enlarging rounds down, shrinking up."""
    source = model(
        f"""10]> g (float[1,1,2,4] x) => (float[1,1,h,w] y)
        <float[4] s = {{1.0, 1.0, {scale}, {scale}}}> {{ y = Resize (x, s) }}"""
    )
    graph = transformed(source, "upgrade-onnx")
    x = np.arange(1, 9, dtype=np.float32).reshape(1, 1, 2, 4)
    expected = x.repeat(2, 2).repeat(2, 3) if scale > 1 else np.array([[[[1, 3]]]])
    np.testing.assert_array_equal(evaluate(export(graph), [x])[0], expected)


def test_softmax_of_unknown_shape_reads_it_when_run() -> None:
    source = model("11]> g (float[n,3,m] x) => (float[n,3,m] y) { y = Softmax (x) }")
    graph = transformed(source, "upgrade-onnx")
    assert operators(graph) == ["Flatten", "Softmax", "Shape", "Reshape"]
    np.testing.assert_allclose(evaluate(export(graph), [X])[0], softmax(X, 1), rtol=1e-5)


def test_dft_axis() -> None:
    source = model("17]> g (float[2,4,5,1] x) => (float[2,4,5,2] y) { y = DFT <axis=2> (x) }")
    graph = transformed(source, "upgrade-onnx")
    x = random(2, 4, 5, 1)
    expected = np.fft.fft(x[..., 0], axis=2)
    found = evaluate(export(graph), [x])[0]
    np.testing.assert_allclose(found[..., 0] + 1j * found[..., 1], expected, rtol=1e-4, atol=1e-5)


LEFT = {
    "Attention": {23, 24},
    "GRU": {1},
    "GroupNormalization": {18},
    "Scan": {8},
    "Split": {1},
}
"""What stays: the newest form cannot say it, or too little is sure."""


def test_every_old_version_is_renamed_rewritten_or_left() -> None:
    patterns = [pattern for pattern in PATTERNS if isinstance(pattern, OnnxPattern)]
    rewritten = {name for pattern in patterns for name in pattern.names}
    old = [
        (cls.SCHEMA.name, version)
        for (domain, _, version), cls in operations().items()
        if not domain and "_v" in cls.name
    ]
    unhandled = [
        (name, version)
        for name, version in old
        if version not in SAME_MEANING.get(name, ())
        and f"onnx.{name}_v{version}" not in rewritten
        and version not in LEFT.get(name, ())
    ]
    assert not unhandled


@pytest.mark.parametrize("name", SAME_MEANING)
def test_versions_of_one_meaning_have_compatible_schemas(name: str) -> None:
    """Attributes keep their defaults, those added are optional, operands are only added."""
    schemas = [operations()["", name, version].SCHEMA for version in SAME_MEANING[name]]
    for old, new in pairwise(schemas):
        for attribute, formal in old.attributes.items():
            if attribute in MEANINGLESS:
                continue
            successor = new.attributes[attribute]
            assert successor.type == formal.type
            if formal.default_value.name:
                assert successor.default_value == formal.default_value
        added = set(new.attributes) - set(old.attributes)
        assert not any(new.attributes[attribute].required for attribute in added)
        assert len(new.inputs) >= len(old.inputs)
        assert all(item.option != item.option.Single for item in new.inputs[len(old.inputs) :])
        assert new.type_constraints or not old.type_constraints
