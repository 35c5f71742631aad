"""Models that ONNX Runtime optimized or quantized compile, and give what ONNX Runtime gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import ModelProto, parser

import ramiel
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.options import Options
from ramiel.verification import verify_model

runtime: Any = onnxruntime
LEVELS = runtime.GraphOptimizationLevel
HIDDEN, HEADS, WORDS = 16, 2, 20


def model_of(text: str, shapes: dict[str, list[int]]) -> ModelProto:
    """The model of a text, with random weights of these shapes."""
    generator = np.random.default_rng(5)
    model = parser.parse_model(text)
    for name, shape in shapes.items():
        array = generator.standard_normal(shape).astype(np.float32) / 4
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    onnx.checker.check_model(model, full_check=True)
    return model


def linear(x: str, name: str, result: str) -> str:
    return f"""
    {result}_product = MatMul({x}, {name}_weight)
    {result} = Add({name}_bias, {result}_product)"""


def split(x: str, order: str, result: str) -> str:
    return f"""
    {result}_split = Reshape({x}, by_head)
    {result} = Transpose<perm = {order}>({result}_split)"""


def encoder_layer(x: str, layer: int) -> str:
    """A layer as torch's exporter writes it: attention, two normalizations and a gelu."""
    own = f"l{layer}"
    projections = "".join(linear(x, f"{own}_{part}", f"{own}_{part}") for part in "qkv")
    heads = (
        split(f"{own}_q", "[0, 2, 1, 3]", f"{own}_query")
        + split(f"{own}_k", "[0, 2, 3, 1]", f"{own}_key")
        + split(f"{own}_v", "[0, 2, 1, 3]", f"{own}_value")
    )
    attention = f"""
    {own}_scores = MatMul({own}_query, {own}_key)
    {own}_scaled = Div({own}_scores, root)
    {own}_masked = Add({own}_scaled, mask)
    {own}_weights = Softmax<axis = -1>({own}_masked)
    {own}_context = MatMul({own}_weights, {own}_value)
    {own}_back = Transpose<perm = [0, 2, 1, 3]>({own}_context)
    {own}_joined = Reshape({own}_back, joined)"""
    output = (
        linear(f"{own}_joined", f"{own}_o", f"{own}_o")
        + f"""
    {own}_sum = Add({own}_o, {x})
    {own}_norm = LayerNormalization<axis = -1, epsilon = 1e-12>({own}_sum, scale, shift)"""
    )
    gelu = (
        linear(f"{own}_norm", f"{own}_up", f"{own}_up")
        + f"""
    {own}_div = Div({own}_up, two_root)
    {own}_erf = Erf({own}_div)
    {own}_one = Add({own}_erf, one)
    {own}_mul = Mul({own}_up, {own}_one)
    {own}_gelu = Mul({own}_mul, half)"""
    )
    down = (
        linear(f"{own}_gelu", f"{own}_down", f"{own}_down")
        + f"""
    {own}_total = Add({own}_down, {own}_norm)
    {own}_y = LayerNormalization<axis = -1, epsilon = 1e-12>({own}_total, scale, shift)"""
    )
    return projections + heads + attention + output + gelu + down


def encoder() -> ModelProto:
    """Two layers of BERT (arXiv 1810.04805) on a dynamic batch and sequence."""
    shapes = {"words": [WORDS, HIDDEN], "scale": [HIDDEN], "shift": [HIDDEN]}
    for layer in range(2):
        sizes = dict.fromkeys("qkvo", (HIDDEN, HIDDEN))
        for part, (rows, columns) in {**sizes, "up": (16, 32), "down": (32, 16)}.items():
            shapes[f"l{layer}_{part}_weight"] = [rows, columns]
            shapes[f"l{layer}_{part}_bias"] = [columns]
    text = f"""<ir_version: 8, opset_import: ["" : 17]>
    encoder (int64[batch, sequence] input_ids, int64[batch, sequence] attention_mask)
        => (float[batch, sequence, {HIDDEN}] l1_y)
    <int64[4] by_head = {{0, 0, {HEADS}, {HIDDEN // HEADS}}}, int64[3] joined = {{0, 0, {HIDDEN}}},
     int64[1] first = {{1}}, int64[1] second = {{2}}, float one = {{1.0}}, float half = {{0.5}},
     float root = {{2.828427}}, float two_root = {{1.4142135}}, float low = {{-10000.0}}>
    {{
    x = Gather(words, input_ids)
    per_head = Unsqueeze(attention_mask, first)
    per_query = Unsqueeze(per_head, second)
    seen = Cast<to = 1>(per_query)
    hidden = Sub(one, seen)
    mask = Mul(hidden, low)
    {encoder_layer("x", 0)}
    {encoder_layer("l0_y", 1)}
    }}"""
    return model_of(text, shapes)


def classifier() -> ModelProto:
    """A small convolutional network with two branches."""
    return model_of(
        """<ir_version: 8, opset_import: ["" : 17]>
        classifier (float[1, 3, 12, 12] x) => (float[1, 5] y) {
            a = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(x, w1, b1)
            b = Relu(a)
            c = Conv<kernel_shape = [1, 1]>(b, w2, b2)
            d = Sigmoid(c)
            e = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(b, w3, b3)
            f = LeakyRelu<alpha = 0.1>(e)
            g = Add(d, f)
            h = Mul(g, d)
            i = Concat<axis = 1>(h, f)
            j = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(i)
            k = GlobalAveragePool(j)
            l = Flatten(k)
            y = Gemm<transB = 1>(l, w4, b4)
        }""",
        {
            "w1": [4, 3, 3, 3],
            "b1": [4],
            "w2": [4, 4, 1, 1],
            "b2": [4],
            "w3": [4, 4, 3, 3],
            "b3": [4],
            "w4": [5, 8],
            "b4": [5],
        },
    )


def perceptron() -> ModelProto:
    """Two layers on a dynamic batch."""
    return model_of(
        """<ir_version: 8, opset_import: ["" : 17]>
        perceptron (float[batch, 16] x) => (float[batch, 4] y) {
            a = MatMul(x, w1)
            b = Add(a, b1)
            c = Tanh(b)
            d = MatMul(c, w2)
            y = Add(d, b2)
        }""",
        {"w1": [16, 32], "b1": [32], "w2": [32, 4], "b2": [4]},
    )


def optimized(
    model: ModelProto | Path, file: Path, level: Any = LEVELS.ORT_ENABLE_EXTENDED
) -> Path:
    """What ONNX Runtime saves of a model after its optimizations."""
    options = runtime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 4
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return file


def operators(file: Path) -> set[str]:
    """The operators of a model that are ONNX Runtime's own."""
    return {node.op_type for node in onnx.load(file).graph.node if node.domain == "com.microsoft"}


def agrees(file: Path) -> bool:
    return verify_model(file, Options(workers=2), lambda step: None).ok


def test_an_encoder_optimized_by_the_runtime(tmp_path: Path) -> None:
    file = optimized(encoder(), tmp_path / "encoder.onnx")
    assert {"SkipLayerNormalization", "BiasGelu", "FusedMatMul"} & operators(file)
    assert agrees(file)


def test_an_encoder_optimized_by_the_transformers_tool(tmp_path: Path) -> None:
    from onnxruntime.transformers import optimizer

    onnx.save(encoder(), tmp_path / "plain.onnx")
    tool: Any = optimizer
    result = tool.optimize_model(
        str(tmp_path / "plain.onnx"), "bert", num_heads=HEADS, hidden_size=HIDDEN, opt_level=0
    )
    file = tmp_path / "fused.onnx"
    result.save_model_to_file(str(file))
    assert {"Attention", "SkipLayerNormalization", "BiasGelu"} <= operators(file)
    assert agrees(file)


def test_a_convolutional_network_optimized_by_the_runtime(tmp_path: Path) -> None:
    file = optimized(classifier(), tmp_path / "classifier.onnx")
    assert "FusedConv" in operators(file)
    assert agrees(file)


def test_a_model_for_one_kind_of_processor_is_refused(tmp_path: Path) -> None:
    file = optimized(classifier(), tmp_path / "classifier.onnx", LEVELS.ORT_ENABLE_ALL)
    if not any(node.domain == "com.microsoft.nchwc" for node in onnx.load(file).graph.node):
        pytest.xfail("this processor has no operators of its own")
    with pytest.raises(RamielError, match="ORT_ENABLE_EXTENDED"):
        compile_model(file, Options(), lambda step: None)


class Samples:
    """A few inputs to learn the ranges of activations from."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        generator = np.random.default_rng(6)
        batches = (generator.standard_normal(shape).astype(np.float32) for _ in range(4))
        self.batches: Iterator[dict[str, Any]] = ({name: batch} for batch in batches)

    def get_next(self) -> dict[str, Any] | None:
        return next(self.batches, None)


MODELS = {"classifier": (classifier, (1, 3, 12, 12)), "perceptron": (perceptron, (2, 16))}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("form", ["QDQ", "QOperator", "dynamic"])
def test_quantized_models(name: str, form: str, tmp_path: Path) -> None:
    """As the quantizer writes them, and after the runtime's optimizations."""
    import onnxruntime.quantization as quantization

    logging.disable(logging.WARNING)
    tool: Any = quantization
    make, shape = MODELS[name]
    plain, file = tmp_path / "plain.onnx", tmp_path / "quantized.onnx"
    onnx.save(make(), plain)
    if form == "dynamic":
        tool.quantize_dynamic(plain, file)
    else:
        kind = tool.QuantFormat[form]
        tool.quantize_static(plain, file, Samples("x", shape), quant_format=kind)
    logging.disable(logging.NOTSET)
    assert_same_as_unoptimized(file, shape)
    fused = optimized(file, tmp_path / "fused.onnx")
    assert agrees(fused)


def assert_same_as_unoptimized(file: Path, shape: tuple[int, ...]) -> None:
    """The runtime's fusions round anew, so the model as it stands is compared without them.

    Where a float32 sum is rounded, its last bit may decide: one step of the result is allowed.
    """
    options = runtime.SessionOptions()
    options.graph_optimization_level = LEVELS.ORT_DISABLE_ALL
    session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
    with ramiel.compile(file) as model:
        found = model(torch.from_numpy(x))
    step = max(1e-5, 1.01 * quantization_step(onnx.load(file)))
    np.testing.assert_allclose(found.numpy(), session.run(None, {"x": x})[0], rtol=1e-5, atol=step)


def quantization_step(model: ModelProto) -> float:
    """The scale of a result that is quantized and dequantized last, else 0."""
    [last] = [node for node in model.graph.node if model.graph.output[0].name in node.output]
    quantizer = next((n for n in model.graph.node if last.input[0] in n.output), None)
    if last.op_type != "DequantizeLinear" or quantizer is None:
        return 0.0
    if quantizer.op_type != "QuantizeLinear":
        return 0.0
    [scale] = [tensor for tensor in model.graph.initializer if tensor.name == last.input[1]]
    return float(onnx.numpy_helper.to_array(scale))
