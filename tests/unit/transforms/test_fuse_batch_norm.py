"""fuse-batch-norm: the same numbers as onnxruntime gives for the model as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import ModelProto, numpy_helper

from ramiel.remarks import collected
from ramiel.tensors import Array
from tests.unit.transforms.pipelines import export, operators, random, transformed

PIPELINE = ("upgrade-onnx", "infer-shapes", "fuse-batch-norm")

CASES = {
    # name: node, operands beside x, shape of x, channels of the result
    "conv": ("Conv <pads=[1,1,1,1]> (x, w, b)", {"w": (4, 3, 3, 3), "b": (4,)}, (2, 3, 5, 5)),
    "conv without bias": ("Conv (x, w)", {"w": (4, 3, 3, 3)}, (1, 3, 5, 5)),
    "grouped conv": ("Conv <group=2> (x, w, b)", {"w": (4, 2, 1, 1), "b": (4,)}, (1, 4, 3, 3)),
    "conv 1d": ("Conv (x, w)", {"w": (4, 3, 2)}, (1, 3, 5)),
    "transposed conv": (
        "ConvTranspose <strides=[2,2]> (x, w, b)",
        {"w": (3, 4, 2, 2), "b": (4,)},
        (1, 3, 3, 3),
    ),
    "grouped transposed conv": (
        "ConvTranspose <group=2> (x, w)",
        {"w": (6, 2, 2, 2)},
        (1, 6, 3, 3),
    ),
    "gemm": ("Gemm <alpha=0.5, beta=2.0> (x, w, b)", {"w": (3, 4), "b": (1, 4)}, (2, 3)),
    "transposed gemm": ("Gemm <transB=1> (x, w)", {"w": (4, 3)}, (2, 3)),
}


def build(
    node: str, operands: dict[str, tuple[int, ...]], shape: tuple[int, ...], result: str = "y"
) -> ModelProto:
    """A model of a linear operation and a BatchNormalization with random parameters."""
    sizes = ",".join(map(str, shape))
    source = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["": 15]>
        g (float[{sizes}] x) => (float[] {result})
        {{ linear = {node}  y = BatchNormalization (linear, s, t, m, v) }}"""
    )
    source.graph.output[0].type.tensor_type.ClearField("shape")
    parameters = operands | {name: (4,) for name in "stmv"}
    for seed, (name, size) in enumerate(parameters.items()):
        array = np.abs(random(*size, seed=seed)) if name == "v" else random(*size, seed=seed)
        source.graph.initializer.append(numpy_helper.from_array(array, name))
    return source


def run(model: ModelProto, x: Array) -> Array:
    """What onnxruntime computes, without optimizing the model itself."""
    options: Any = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


@pytest.mark.parametrize("name", CASES)
def test_fused_operation_computes_the_same(name: str) -> None:
    node, operands, shape = CASES[name]
    source = build(node, operands, shape)
    graph = transformed(source, *PIPELINE)
    assert operators(graph) == [node.split()[0]]
    x = random(*shape, seed=99)
    expected = run(source, x)
    assert np.ptp(expected) > 1
    found = run(export(graph, opset=22), x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_new_weights_are_named_after_the_old() -> None:
    graph = transformed(build(*CASES["conv"]), *PIPELINE)
    assert {name for name in graph.store.overlay} == {"w_fused"}
    hints = [op.results[0].name_hint for op in graph.block.ops if op.results]
    assert hints == ["w_fused", "b_fused", "linear"]


def test_second_reader_keeps_the_conv() -> None:
    source = build(*CASES["conv without bias"])
    source.graph.output.append(onnx.helper.make_tensor_value_info("linear", 1, None))
    with collected() as remarks:
        graph = transformed(source, *PIPELINE)
    assert operators(graph) == ["Conv", "BatchNormalization"]
    assert remarks == ["y: not fused: the Conv has two readers"]


def test_batch_norm_after_something_else_stays() -> None:
    source = build("Relu (x)", {}, (1, 4, 3))
    with collected() as remarks:
        assert operators(transformed(source, *PIPELINE)) == ["Relu", "BatchNormalization"]
    assert remarks == []


def test_computed_weight_keeps_both() -> None:
    source = build("Conv (x, x)", {}, (4, 4, 1, 1))
    with collected() as remarks:
        assert operators(transformed(source, *PIPELINE)) == ["Conv", "BatchNormalization"]
    assert remarks == ["y: not fused: its weights are not constant, or it trains"]


def test_overflow_keeps_both() -> None:
    source = build(*CASES["conv without bias"])
    huge = np.full(4, 3e38, np.float32)
    scale = next(item for item in source.graph.initializer if item.name == "s")
    scale.CopyFrom(numpy_helper.from_array(huge, "s"))
    variance = next(item for item in source.graph.initializer if item.name == "v")
    variance.CopyFrom(numpy_helper.from_array(np.full(4, 1e-3, np.float32), "v"))
    with collected() as remarks:
        assert operators(transformed(source, *PIPELINE)) == ["Conv", "BatchNormalization"]
    assert remarks == ["y: not fused: the weights would overflow float32"]
