"""Old forms of operators, compiled whole, with operands as inputs and baked in.

Expected values are written out, or are what onnxruntime gives for the newest form.
"""

# The table's lambdas have no types.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import ramiel.onnx_backend as backend
from ramiel.errors import RamielError

GENERATOR = np.random.default_rng(0)


def random(*shape: int) -> Any:
    return GENERATOR.standard_normal(shape).astype(np.float32)


X = random(2, 3, 4)
IMAGE = random(1, 2, 4, 5)
ROWS = random(2, 3)
SCALE, BIAS, MEAN, VARIANCE = random(2), random(2), random(2), np.abs(random(2))


def batch_norm(x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    scale, bias, mean, variance = (v.reshape(1, -1, 1, 1) for v in (scale, bias, mean, variance))
    return (x - mean) / np.sqrt(variance + 1e-5) * scale + bias


def across_channels(x: Any) -> Any:
    """LRN of size 3: each channel with its neighbours."""
    squares = np.pad(x * x, [(0, 0), (1, 1), (0, 0), (0, 0)])
    total = sum(squares[:, start : start + x.shape[1]] for start in range(3))
    return x / (1 + 1e-4 / 3 * total) ** 0.75


CASES: dict[str, tuple[int, str, list[Any], Callable[..., Any]]] = {
    # name: opset, node, inputs, what they are to give
    "Add-6-axis": (6, "Add <broadcast=1, axis=1>", [X, random(3)], lambda x, y: x + y[:, None]),
    "Mul-6-inner": (
        6,
        "Mul <broadcast=1, axis=0>",
        [X, random(2, 3)],
        lambda x, y: x * y[..., None],
    ),
    "Pow-1": (1, "Pow <broadcast=1>", [np.abs(X), random(4)], lambda x, y: x**y),
    "Sum-1": (1, "Sum <consumed_inputs=[0, 0]>", [X, X], lambda x, y: x + y),
    "Sum-6-of-one": (6, "Sum", [X], lambda x: x),
    "Max-6": (6, "Max", [X, -X], np.maximum),
    "Mean-6": (6, "Mean", [X, X], lambda x, y: (x + y) / 2),
    "Slice-1": (1, "Slice <starts=[-2], ends=[9], axes=[2]>", [X], lambda x: x[..., -2:]),
    "Slice-1-no-axes": (1, "Slice <starts=[0, 1], ends=[1, 3]>", [X], lambda x: x[:1, 1:3]),
    "Pad-1": (
        1,
        "Pad <paddings=[0, 1, 0, 0, 0, 2], value=3.0>",
        [X],
        lambda x: np.pad(x, [(0, 0), (1, 0), (0, 2)], constant_values=3),
    ),
    "Pad-2-edge": (
        2,
        'Pad <pads=[0, 1, 0, 0, 0, 2], mode="edge">',
        [X],
        lambda x: np.pad(x, [(0, 0), (1, 0), (0, 2)], mode="edge"),
    ),
    "Clip-11": (11, "Clip", [X, np.float32(-0.5), np.float32(0.5)], lambda x, a, b: x.clip(a, b)),
    "Squeeze-1": (1, "Squeeze <axes=[0]>", [IMAGE], lambda x: x[0]),
    "Unsqueeze-1": (1, "Unsqueeze <axes=[0, 2]>", [ROWS], lambda x: x[None, :, None]),
    "ReduceSum-1": (1, "ReduceSum <axes=[0, 2], keepdims=0>", [X], lambda x: x.sum((0, 2))),
    "ReduceSum-13": (13, "ReduceSum", [X, np.array([1])], lambda x, a: x.sum(1, keepdims=True)),
    "ReduceL2-11": (11, "ReduceL2 <axes=[-1]>", [X], lambda x: np.sqrt((x * x).sum(2))[..., None]),
    "ArgMax-1": (1, "ArgMax <axis=1, keepdims=0>", [X], lambda x: x.argmax(1)),
    "Gemm-1": (
        1,
        "Gemm <broadcast=1, transB=1, alpha=0.5>",
        [ROWS, random(4, 3), random(4)],
        lambda a, b, c: 0.5 * a @ b.T + c,
    ),
    "Gemm-7": (
        7,
        "Gemm <beta=2.0>",
        [ROWS, random(3, 4), random(2, 1)],
        lambda a, b, c: a @ b + 2 * c,
    ),
    "PRelu-1": (
        1,
        "PRelu <consumed_inputs=[0, 0]>",
        [IMAGE, random(2)],
        lambda x, s: np.where(x < 0, x * s[:, None, None], x),
    ),
    "PRelu-7": (7, "PRelu", [X, random(4)], lambda x, s: np.where(x < 0, x * s, x)),
    "Cast-6": (6, "Cast <to=7>", [X], lambda x: x.astype(np.int64)),
    "BatchNormalization-1": (
        1,
        "BatchNormalization <consumed_inputs=[0, 0, 0, 1, 1], is_test=1>",
        [IMAGE, SCALE, BIAS, MEAN, VARIANCE],
        batch_norm,
    ),
    "BatchNormalization-7": (
        7,
        "BatchNormalization <spatial=1>",
        [IMAGE, SCALE, BIAS, MEAN, VARIANCE],
        batch_norm,
    ),
    "InstanceNormalization-1": (
        1,
        "InstanceNormalization <consumed_inputs=[0]>",
        [IMAGE, SCALE, BIAS],
        lambda x, s, b: batch_norm(x, s, b, x.mean((0, 2, 3)), x.var((0, 2, 3))),
    ),
    "LRN-1": (1, "LRN <size=3>", [IMAGE], across_channels),
    "MaxPool-1": (
        1,
        "MaxPool <kernel_shape=[2, 2], strides=[2, 2]>",
        [IMAGE],
        lambda x: x[..., :4].reshape(1, 2, 2, 2, 2, 2).max((3, 5)),
    ),
    "AveragePool-1": (
        1,
        "AveragePool <kernel_shape=[2, 2], strides=[2, 2]>",
        [IMAGE],
        lambda x: x[..., :4].reshape(1, 2, 2, 2, 2, 2).mean((3, 5)),
    ),
    "GlobalLpPool-1": (
        1,
        "GlobalLpPool <p=1.0>",
        [IMAGE],
        lambda x: np.abs(x).sum((2, 3), keepdims=True),
    ),
    "Equal-1": (
        1,
        "Equal <broadcast=1>",
        [np.array([[1, 2], [3, 4]]), np.array([1, 4])],
        lambda x, y: x == y,
    ),
    "Upsample-9": (
        9,
        'Upsample <mode="nearest">',
        [IMAGE, np.array([1, 1, 2, 2], np.float32)],
        lambda x, s: x.repeat(2, 2).repeat(2, 3),
    ),
    "Resize-10": (
        10,
        'Resize <mode="nearest">',
        [IMAGE, np.array([1, 1, 2, 2], np.float32)],
        lambda x, s: x.repeat(2, 2).repeat(2, 3),
    ),
    "GatherND-11": (
        11,
        "GatherND",
        [X, np.array([[1, 2], [0, 0]])],
        lambda x, i: x[i[:, 0], i[:, 1]],
    ),
    "Flatten-1": (1, "Flatten <axis=2>", [X], lambda x: x.reshape(6, 4)),
    "Tile-6": (6, "Tile", [ROWS, np.array([2, 1])], lambda x, n: np.tile(x, n)),
    "Expand-8": (8, "Expand", [ROWS[:, :1], np.array([2, 3])], lambda x, s: np.broadcast_to(x, s)),
    "MatMul-1": (1, "MatMul", [ROWS, random(3, 2)], lambda a, b: a @ b),
    "Elu-1": (1, "Elu <alpha=2.0>", [X], lambda x: np.where(x < 0, 2 * (np.exp(x) - 1), x)),
    "HardSigmoid-1": (1, "HardSigmoid", [X], lambda x: (0.2 * x + 0.5).clip(0, 1)),
}


def build(opset: int, node: str, inputs: list[Any], baked: bool, outputs: int = 1) -> Any:
    """A model of one node; `baked` makes all inputs but the first initializers."""
    names = [f"x{index}" for index in range(len(inputs))]
    results = [f"y{index}" for index in range(outputs)]
    proto = onnx.parser.parse_node(f"{', '.join(results)} = {node} ({', '.join(names)})")
    values = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in zip(names, map(np.asarray, inputs), strict=True)
    ]
    given = 1 if baked else len(values)
    stored = [
        numpy_helper.from_array(np.asarray(array), name)
        for name, array in zip(names[given:], inputs[given:], strict=True)
    ]
    listed = values if opset < 9 else values[:given]  # with IR 3 initializers are inputs too
    empty = [onnx.ValueInfoProto(name=name) for name in results]
    graph = helper.make_graph([proto], "g", listed, empty, stored)
    version = 3 if opset < 9 else 8
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=version)
    inferred = onnx.shape_inference.infer_shapes(model)
    for output, found in zip(model.graph.output, inferred.graph.output, strict=True):
        output.CopyFrom(found)
        if not output.type.WhichOneof("value"):
            output.type.tensor_type.elem_type = values[0].type.tensor_type.elem_type
    return model


@pytest.mark.parametrize("baked", [False, True], ids=["inputs", "baked"])
@pytest.mark.parametrize("name", CASES)
def test_old_form(name: str, baked: bool) -> None:
    opset, node, inputs, function = CASES[name]
    if baked and len(inputs) == 1:
        baked = False
    model = build(opset, node, inputs, baked)
    [found] = backend.run_model(model, inputs[:1] if baked else inputs)
    expected = np.asarray(function(*inputs))
    assert found.shape == expected.shape and found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def units(count: int) -> list[Any]:
    """Operands of a recurrent operator with as many gates, 3 inputs and 2 hidden units."""
    return [random(5, 1, 3), random(1, 2 * count, 3), random(1, 2 * count, 2), random(1, 4 * count)]


NEWER: dict[str, tuple[int, int, str, list[Any], int]] = {
    # name: opset, the newer one that onnxruntime has, node, inputs, outputs
    "RNN-1": (1, 7, "RNN <hidden_size=2>", units(1), 2),
    "GRU-3": (3, 7, "GRU <hidden_size=2, linear_before_reset=1>", units(3), 2),
    "GRU-7": (7, 14, "GRU <hidden_size=2>", units(3), 2),
    "LSTM-1": (1, 7, "LSTM <hidden_size=2>", units(4), 3),
    "LSTM-7": (7, 14, 'LSTM <hidden_size=2, direction="reverse">', units(4), 3),
    "MaxPool-8": (8, 12, "MaxPool <kernel_shape=[3, 2], pads=[1, 0, 1, 1]>", [IMAGE], 2),
    "Resize-11": (
        11,
        13,
        'Resize <mode="linear", coordinate_transformation_mode="align_corners">',
        [IMAGE, np.zeros(0, np.float32), np.array([1, 1, 2, 2], np.float32)],
        1,
    ),
    "Resize-13": (
        13,
        18,
        'Resize <mode="cubic">',
        [IMAGE, np.zeros(0, np.float32), np.array([1, 1, 2, 1.5], np.float32)],
        1,
    ),
    "TopK-1": (10, 11, "TopK <axis=1>", [X, np.array([2])], 2),
    "Split-2": (2, 11, "Split <axis=1, split=[1, 2]>", [X], 2),
    "Softmax-1": (1, 11, "Softmax <axis=2>", [X], 1),
    "LogSoftmax-1": (1, 11, "LogSoftmax", [X], 1),
    "Hardmax-1": (1, 11, "Hardmax", [X], 1),
    "Conv-1": (1, 11, "Conv <pads=[1, 1, 1, 1]>", [IMAGE, random(3, 2, 3, 3), random(3)], 1),
    "ConvTranspose-1": (1, 11, "ConvTranspose <strides=[2, 2]>", [IMAGE, random(2, 3, 3, 3)], 1),
    "ScatterElements-11": (
        11,
        18,
        "ScatterElements <axis=1>",
        [ROWS, np.array([[0], [2]]), random(2, 1)],
        1,
    ),
}


@pytest.mark.parametrize("baked", [False, True], ids=["inputs", "baked"])
@pytest.mark.parametrize("name", NEWER)
def test_old_form_is_the_newer_one(name: str, baked: bool) -> None:
    opset, newer, node, inputs, outputs = NEWER[name]
    found = backend.run_model(
        build(opset, node, inputs, baked, outputs), inputs[:1] if baked else inputs
    )
    model = build(newer, node, inputs, False, outputs)
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    expected = session.run(None, {f"x{index}": array for index, array in enumerate(inputs)})
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_loop_of_opset_1() -> None:
    model = onnx.parser.parse_model("""
        <ir_version: 3, opset_import: ["" : 1]>
        g (int64 count, bool go, float[2] start) => (float[2] final, float[n, 2] all) {
            final, all = Loop (count, go, start) <body = step (int64 i, bool c, float[2] v)
                => (bool again, float[2] next, float[2] seen) {
                again = Identity (c)  next = Add (v, v)  seen = Identity (v)
            }>
        }
    """)
    start = np.array([1, 3], np.float32)
    final, seen = backend.run_model(model, [np.array(3), np.array(True), start])
    assert final.tolist() == [8, 24]
    assert seen.tolist() == [[1, 3], [2, 6], [4, 12]]


def test_group_normalization_of_opset_18_scales_groups() -> None:
    x = random(2, 4, 3)
    scale, bias = np.array([2, 3], np.float32), np.array([1, -1], np.float32)
    model = build(18, "GroupNormalization <num_groups=2>", [x, scale, bias], False)
    [found] = backend.run_model(model, [x, scale, bias])
    groups = x.reshape(2, 2, 6)
    normal = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + 1e-5)
    expected = normal * scale[:, None] + bias[:, None]
    np.testing.assert_allclose(found.reshape(2, 2, 6), expected, rtol=1e-4, atol=1e-5)


def test_statistics_that_are_not_spatial_are_refused_or_right() -> None:
    """BatchNormalization 7 with spatial=0: statistics for each element, not for each channel."""
    operands = [IMAGE, *(np.abs(random(2, 4, 5)) for _ in range(4))]
    model = build(7, "BatchNormalization <spatial=0>", operands, False)
    try:
        [found] = backend.run_model(model, operands)
    except RamielError as error:
        assert "spatial" in str(error)
        return
    x, scale, bias, mean, variance = operands
    np.testing.assert_allclose(
        found, (x - mean) / np.sqrt(variance + 1e-5) * scale + bias, rtol=1e-4
    )


def test_cast_of_opset_1_names_its_type() -> None:
    model = build(1, 'Cast <to="INT64">', [X], False)
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT64
    [found] = backend.run_model(model, [X])
    assert found.dtype == np.int64
    assert found.tolist() == X.astype(np.int64).tolist()
