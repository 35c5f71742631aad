"""fuse-crop and symmetric-pads: fewer operations, which give what the model as it was gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import ModelProto, numpy_helper

from ramiel.tensors import Array
from tests.unit.transforms.pipelines import export, operators, random, transformed

CROP = ("upgrade-onnx", "infer-shapes", "fuse-pad", "fuse-crop", "dce")
CONSTANTS = """
    first = Constant <value = int64[2] {1, 1}> ()  end = Constant <value = int64[2] {99, 99}> ()
    axes = Constant <value = int64[2] {2, 3}> ()
"""
PAD = "pads = Constant <value = int64[8] {0, 0, 1, 1, 0, 0, 0, 0}> ()  p = Pad (x, pads)"
SLICE = "y = Slice (c, first, end, axes)"
CASES = {
    # name: statements, what is left
    "stride 1": ("c = Conv <pads=[1,1,1,1]> (x, w)", ["Conv"]),
    "stride 2": ("c = Conv <pads=[3,2,1,1], strides=[2,2]> (x, w)", ["Conv"]),
    "padded before": (f"{PAD}  c = Conv <pads=[1,1,1,1], strides=[2,2]> (p, w)", ["Conv"]),
    "dilated": ("c = Conv <pads=[2,1,0,3], dilations=[2,1]> (x, w)", ["Conv"]),
    "two in a row": (
        "a = Conv <pads=[3,3,2,2], strides=[2,2]> (x, w)  c = Conv (a, v)",
        ["Conv", "Conv"],
    ),
    "maximum": (
        f"{PAD}  c = MaxPool <kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]> (p)",
        ["MaxPool"],
    ),
    "average": (
        "c = AveragePool <kernel_shape=[3,3], strides=[1,2], pads=[2,2,1,0]> (x)",
        ["AveragePool"],
    ),
    "average with its padding": (
        "c = AveragePool <kernel_shape=[3,3], pads=[1,2,1,0], count_include_pad=1> (x)",
        ["AveragePool"],
    ),
    "without padding stays": ("c = Conv (x, w)", ["Conv", "Slice"]),
    "rounded up stays": (
        "c = MaxPool <kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1> (x)",
        ["MaxPool", "Slice"],
    ),
    "second reader stays": (
        "c = Conv <pads=[1,1,1,1]> (x, w)  m = ReduceMean (c)  n = Slice (c, first, end, axes)"
        "  y = Add (n, m)",
        ["Conv", "ReduceMean", "Slice", "Add"],
    ),
}


def build(statements: str, **parameters: tuple[int, ...]) -> ModelProto:
    """A model of x (1, 4, 9, 10) with random parameters."""
    source = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]> g (float[1,4,9,10] x) => (float[] y) '
        f"{{ {statements} }}"
    )
    source.graph.output[0].type.tensor_type.ClearField("shape")
    for seed, (name, size) in enumerate(parameters.items()):
        array = np.abs(random(*size, seed=seed)) if name == "q" else random(*size, seed=seed)
        source.graph.initializer.append(numpy_helper.from_array(array, name))
    return source


def run(model: ModelProto) -> Array:
    """What onnxruntime computes, without optimizing the model itself."""
    options: Any = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), options)
    x = random(1, 4, 9, 10, seed=99)
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def compare(source: ModelProto, passes: tuple[str, ...]) -> list[str]:
    """Both give the same, which varies; the operators that are left."""
    graph = transformed(source, *passes)
    expected = run(source)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(run(export(graph, opset=22)), expected, rtol=1e-4, atol=1e-5)
    return operators(graph)


@pytest.mark.parametrize("name", CASES)
def test_what_is_cut_off_is_not_computed(name: str) -> None:
    statements, left = CASES[name]
    last = "" if "y = " in statements else SLICE
    found = compare(build(f"{CONSTANTS} {statements} {last}", w=(5, 4, 3, 3), v=(3, 5, 1, 1)), CROP)
    assert found == left


@pytest.mark.parametrize("pads", ["0,1,1,2", "1,2,0,2", "1,0,1,1"])
@pytest.mark.parametrize("stride", [1, 2])
def test_filters_of_depthwise_convolutions_are_widened(pads: str, stride: int) -> None:
    node = f"y = Conv <group=4, pads=[{pads}], strides=[{stride},{stride}]> (x, w, b)"
    source = build(node, w=(4, 1, 3, 3), b=(4,))
    assert compare(source, ("upgrade-onnx", "infer-shapes", "symmetric-pads")) == ["Conv"]
    graph = transformed(source, "upgrade-onnx", "infer-shapes", "symmetric-pads")
    [convolution] = [op for op in graph.block.ops if op.name == "onnx.Conv"]
    widened: list[int] = convolution.integers("pads")  # pyright: ignore
    assert widened[:2] == widened[2:]


def test_a_normalization_of_two_convolutions_put_together_goes_into_both() -> None:
    source = build(
        "a = Conv (x, w)  c = Conv (x, v)  t = Concat <axis = 1> (a, c)"
        "  y = BatchNormalization <epsilon = 0.01> (t, s, o, m, q)",
        **{"w": (2, 4, 3, 3), "v": (3, 4, 3, 3), "s": (5,), "o": (5,), "m": (5,), "q": (5,)},
    )
    passes = ("upgrade-onnx", "infer-shapes", "fuse-batch-norm")
    assert compare(source, passes) == ["Conv", "Conv", "Concat"]
