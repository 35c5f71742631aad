"""Transposes and slices that cancel: the numbers that onnxruntime gives for the model as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest

from tests.unit.transforms.pipelines import export, operators, random, transformed

PIPELINE = ("upgrade-onnx", "infer-shapes", "canonicalize-onnx", "dce")
INT = "Constant <value = int64[1] {{{}}}> ()"
CASES = {
    "around an activation": (
        "a = Transpose <perm=[0,2,3,1]> (x)  b = LeakyRelu <alpha=0.1> (a)"
        "  y = Transpose <perm=[0,3,1,2]> (b)",
        ["LeakyRelu"],
    ),
    "another order": (
        "a = Transpose <perm=[0,2,3,1]> (x)  b = Tanh (a)  y = Transpose <perm=[3,2,0,1]> (b)",
        ["Transpose", "Tanh"],
    ),
    "reversed order twice": ("a = Transpose (x)  b = Neg (a)  y = Transpose (b)", ["Neg"]),
    "around a number": (
        "n = Constant <value_float = 3.0> ()  a = Transpose <perm=[0,2,3,1]> (x)"
        "  b = Sub (n, a)  y = Transpose <perm=[0,3,1,2]> (b)",
        ["Sub"],
    ),
    "around a vector stays": (
        "n = Constant <value = float[3] {1.0, 2.0, 3.0}> ()  a = Transpose <perm=[0,2,3,1]> (x)"
        "  b = Sub (n, a)  y = Transpose <perm=[0,3,1,2]> (b)",
        ["Transpose", "Sub", "Transpose"],
    ),
    "around a softmax stays": (
        "a = Transpose <perm=[0,2,3,1]> (x)  b = Softmax <axis = 1> (a)"
        "  y = Transpose <perm=[0,3,1,2]> (b)",
        ["Transpose", "Softmax", "Transpose"],
    ),
    "slice of a concat": (
        f"s = {INT.format(3)}  e = {INT.format(6)}  axes = {INT.format(1)}  r = Relu (x)"
        "  t = Concat <axis = 1> (x, r)  y = Slice (t, s, e, axes)",
        ["Relu"],
    ),
    "slice of a part stays": (
        f"s = {INT.format(2)}  e = {INT.format(5)}  axes = {INT.format(1)}  r = Relu (x)"
        "  t = Concat <axis = 1> (x, r)  y = Slice (t, s, e, axes)",
        ["Relu", "Concat", "Slice"],
    ),
    "slice of another axis stays": (
        f"s = {INT.format(3)}  e = {INT.format(6)}  axes = {INT.format(2)}  r = Relu (x)"
        "  t = Concat <axis = 1> (x, r)  y = Slice (t, s, e, axes)",
        ["Relu", "Concat", "Slice"],
    ),
    "concat of slices": (
        f"s = {INT.format(0)}  m = {INT.format(-2)}  e = {INT.format(99)}  axes = {INT.format(-1)}"
        "  r = Relu (x)  p = Slice (r, s, m, axes)  q = Slice (r, m, e, axes)"
        "  y = Concat <axis = 3> (p, q)",
        ["Relu"],
    ),
    "concat in another order stays": (
        f"s = {INT.format(0)}  m = {INT.format(-2)}  e = {INT.format(99)}  axes = {INT.format(-1)}"
        "  p = Slice (x, s, m, axes)  q = Slice (x, m, e, axes)  y = Concat <axis = 3> (q, p)",
        ["Slice", "Slice", "Concat"],
    ),
    "concat of a split": (
        "r = Relu (x)  p, q, o = Split <axis = 1> (r)  y = Concat <axis = -3> (p, q, o)",
        ["Relu"],
    ),
    "concat of some of a split stays": (
        "p, q, o = Split <axis = 1> (x)  y = Concat <axis = -3> (p, q)",
        ["Split", "Concat"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cancels_and_what_does_not(name: str) -> None:
    statements, left = CASES[name]
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]>'
        f"g (float[2,3,6,7] x) => (float[] y) {{ {statements} }}"
    )
    model.graph.output[0].type.tensor_type.ClearField("shape")
    options: Any = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    x = random(2, 3, 6, 7, seed=1)

    def run(proto: onnx.ModelProto) -> Any:
        session: Any = onnxruntime.InferenceSession(proto.SerializeToString(), options)
        return session.run(None, {session.get_inputs()[0].name: x})[0]

    graph = transformed(model, *PIPELINE)
    assert operators(graph) == left
    np.testing.assert_allclose(run(export(graph, opset=22)), run(model), rtol=1e-6)
