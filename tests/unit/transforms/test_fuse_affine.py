"""fuse-affine: the same numbers as onnxruntime gives for the model as it was."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import ModelProto, numpy_helper

from ramiel.tensors import Array
from tests.unit.transforms.pipelines import export, operators, random, transformed

PIPELINE = ("upgrade-onnx", "infer-shapes", "fuse-affine", "dce")
LINEAR = {
    # name: node, operands, shape of x, shape of a constant with an element for each channel
    "conv": (
        "Conv <pads=[1,1,1,1]> (x, w, b)",
        {"w": (4, 3, 3, 3), "b": (4,)},
        (2, 3, 5, 5),
        (4, 1, 1),
    ),
    "conv without bias": ("Conv (x, w)", {"w": (4, 3, 3, 3)}, (1, 3, 5, 5), (1, 4, 1, 1)),
    "grouped conv": (
        "Conv <group=2> (x, w, b)",
        {"w": (4, 2, 1, 1), "b": (4,)},
        (1, 4, 3, 3),
        (4, 1, 1),
    ),
    "conv 1d": ("Conv (x, w)", {"w": (4, 3, 2)}, (1, 3, 5), (4, 1)),
    "number": ("Conv (x, w)", {"w": (4, 3, 1, 1)}, (1, 3, 5, 5), ()),
    "grouped transposed conv": (
        "ConvTranspose <group=2> (x, w)",
        {"w": (6, 2, 2, 2)},
        (1, 6, 3, 3),
        (4, 1, 1),
    ),
    "gemm": ("Gemm <alpha=0.5, beta=2.0> (x, w, b)", {"w": (3, 4), "b": (1, 4)}, (2, 3), (4,)),
    "transposed gemm": ("Gemm <transB=1> (x, w)", {"w": (4, 3)}, (2, 3), (1, 4)),
}
AFTER = {
    "factor": "y = Mul (linear, c)",
    "factor first": "y = Mul (c, linear)",
    "divisor": "y = Div (linear, c)",
    "summand": "y = Add (linear, c)",
    "summand first": "y = Add (c, linear)",
    "subtracted": "y = Sub (linear, c)",
    "subtracted from": "y = Sub (c, linear)",
    "both": "m = Mul (linear, c)  y = Add (d, m)",
}


def build(linear: str, after: str, outputs: str = "y") -> tuple[ModelProto, tuple[int, ...]]:
    """A model of a linear operation and what follows it, with random parameters; the shape of x."""
    node, operands, shape, constant = LINEAR[linear]
    sizes = ",".join(map(str, shape))
    results = ", ".join(f"float[] {name}" for name in outputs.split())
    source = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["": 17]>
        g (float[{sizes}] x) => ({results}) {{ linear = {node}  {after} }}"""
    )
    for output in source.graph.output:
        output.type.tensor_type.ClearField("shape")
    parameters = operands | {name: constant for name in "cd" if re.search(rf"\b{name}\b", after)}
    for seed, (name, size) in enumerate(parameters.items()):
        array = random(*size, seed=seed) + (2 if name in "cd" else 0)
        source.graph.initializer.append(
            numpy_helper.from_array(np.asarray(array, np.float32), name)
        )
    return source, shape


def run(model: ModelProto, x: Array) -> Array:
    """What onnxruntime computes, without optimizing the model itself."""
    options: Any = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("linear", LINEAR)
def test_fused_operation_computes_the_same(linear: str, after: str) -> None:
    source, shape = build(linear, AFTER[after])
    graph = transformed(source, *PIPELINE)
    assert operators(graph) == [LINEAR[linear][0].split()[0]]
    x = random(*shape, seed=99)
    expected = run(source, x)
    assert np.ptp(expected) > 0.5
    found = run(export(graph, opset=22), x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_second_reader_keeps_both() -> None:
    source, _ = build("conv", AFTER["factor"], outputs="y linear")
    assert operators(transformed(source, *PIPELINE)) == ["Conv", "Mul"]


def test_a_divisor_of_zero_stays() -> None:
    source, _ = build("conv", AFTER["divisor"])
    divisor = next(item for item in source.graph.initializer if item.name == "c")
    divisor.CopyFrom(numpy_helper.from_array(np.zeros((4, 1, 1), np.float32), "c"))
    assert operators(transformed(source, *PIPELINE)) == ["Conv", "Div"]


def test_a_constant_that_makes_the_result_larger_stays() -> None:
    source, _ = build("conv", AFTER["summand"])
    summand = next(item for item in source.graph.initializer if item.name == "c")
    summand.CopyFrom(numpy_helper.from_array(np.ones((3, 1, 4, 1, 1), np.float32), "c"))
    assert operators(transformed(source, *PIPELINE)) == ["Conv", "Add"]
