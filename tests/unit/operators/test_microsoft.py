"""ONNX Runtime's own operators against ONNX Runtime: activations, normalizations, products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from checking import check, compiled, lines, model_of

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.errors import RamielError

RANDOM = np.random.default_rng(21)
Numbers = np.ndarray[Any, Any]


def against_runtime(
    operator: str, inputs: Sequence[Numbers | None], outputs: int = 1, **options: Any
) -> None:
    """Compare with ONNX Runtime."""
    check(operator, inputs, outputs, domain=MICROSOFT, oracle="onnxruntime", opset=17, **options)


def normal(*shape: int) -> Numbers:
    return RANDOM.standard_normal(shape).astype(np.float32)


def integers(high: int, *shape: int) -> Numbers:
    return RANDOM.integers(0, high, shape).astype(np.int32)


def u8(*shape: int) -> Numbers:
    return RANDOM.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("operator", ["Gelu", "FastGelu", "QuickGelu"])
def test_activations(operator: str) -> None:
    against_runtime(operator, [normal(2, 3, 8)])


@pytest.mark.parametrize("operator", ["BiasGelu", "FastGelu"])
def test_activations_with_bias(operator: str) -> None:
    against_runtime(operator, [normal(2, 3, 8), normal(8)])


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_quick_gelu_alpha(alpha: float) -> None:
    against_runtime("QuickGelu", [normal(2, 8)], alpha=alpha)


def test_bias_add_and_split_gelu_are_what_their_names_say() -> None:
    """ONNX Runtime runs these on GPUs only."""
    x, bias, skip = normal(2, 3, 8), normal(8), normal(2, 3, 8)
    check("BiasAdd", [x, bias, skip], domain=MICROSOFT, expected=[x + bias + skip])
    printed = lines(model_of("BiasSplitGelu", [x, bias], domain=MICROSOFT))
    assert printed == ["x0 + x1", "v0.chunk(2, dim=-1)", "v1 * F.gelu(v2)"]


@pytest.mark.parametrize("skip", [(2, 3, 8), (1, 3, 8), (3, 8)])
@pytest.mark.parametrize("operator", ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"])
def test_skip_normalization(operator: str, skip: tuple[int, ...]) -> None:
    against_runtime(operator, [normal(2, 3, 8), normal(*skip), normal(8)], epsilon=1e-5)


def test_skip_normalization_with_beta_and_bias() -> None:
    x, skip = normal(2, 3, 8), normal(2, 3, 8)
    inputs = [x, skip, normal(8), normal(8), normal(8)]
    against_runtime("SkipLayerNormalization", inputs)


@pytest.mark.parametrize("axis", [-1, 1])
def test_simplified_normalization_in_the_standard_domain(axis: int) -> None:
    scale = normal(8) if axis == -1 else normal(3, 8)
    operator = "SimplifiedLayerNormalization"
    check(operator, [normal(2, 3, 8), scale], 1, oracle="onnxruntime", opset=17, axis=axis)


def test_layer_normalization_before_the_standard_had_it() -> None:
    inputs = [normal(2, 3, 8), normal(8), normal(8)]
    check("LayerNormalization", inputs, oracle="onnxruntime", opset=12, axis=-1)


@pytest.mark.parametrize("mask", [None, np.array([[1, 1, 1, 0, 0], [1, 1, 0, 1, 2]], np.int32)])
@pytest.mark.parametrize("positions", [None, integers(10, 2, 5)])
def test_embedding_normalization(mask: Numbers | None, positions: Numbers | None) -> None:
    tables = normal(20, 8), normal(10, 8), normal(2, 8)
    inputs = [integers(20, 2, 5), integers(2, 2, 5), *tables, normal(8), normal(8), mask, positions]
    against_runtime("EmbedLayerNormalization", inputs, 3)


def test_embedding_without_segments() -> None:
    tables = normal(20, 8), normal(10, 8)
    inputs = [integers(20, 2, 5), None, *tables, None, normal(8), normal(8)]
    against_runtime("EmbedLayerNormalization", inputs, 2)


@pytest.mark.parametrize("operator", ["FusedMatMul", "TransposeMatMul"])
@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("right", [0, 1])
def test_fused_matmul(operator: str, left: int, right: int) -> None:
    a, b = normal(2, 3, 4), normal(2, 4, 5)
    inputs = [a.swapaxes(1, 2).copy() if left else a, b.swapaxes(1, 2).copy() if right else b]
    against_runtime(operator, inputs, transA=left, transB=right, alpha=0.5)


def test_fused_matmul_transposes_the_batch() -> None:
    against_runtime("FusedMatMul", [normal(3, 2, 7, 4), normal(2, 7, 4, 5)], transBatchA=1)
    inputs = [normal(2, 7, 3, 4), normal(5, 2, 7, 4)]
    against_runtime("FusedMatMul", inputs, transBatchB=1, transB=1)


GEMM_ACTIVATIONS: dict[str, dict[str, float]] = {
    "Relu": {},
    "Tanh": {},
    "Softplus": {},
    "LeakyRelu": {"activation_alpha": 0.2},
    "Elu": {"activation_alpha": 0.7},
    "Selu": {"activation_alpha": 1.3, "activation_gamma": 1.1},
    "HardSigmoid": {"activation_alpha": 0.3, "activation_beta": 0.4},
    "ThresholdedRelu": {"activation_alpha": 0.5},
}


@pytest.mark.parametrize("activation", GEMM_ACTIVATIONS)
def test_fused_gemm(activation: str) -> None:
    inputs = [normal(3, 4), normal(5, 4), normal(5)]
    extra: dict[str, Any] = {"activation": activation, **GEMM_ACTIVATIONS[activation]}
    against_runtime("FusedGemm", inputs, transB=1, alpha=0.5, beta=0.3, **extra)


CONV_ACTIVATIONS: dict[str, list[float]] = {
    "Relu": [],
    "Sigmoid": [],
    "LeakyRelu": [0.2],
    "Clip": [-0.3, 0.4],
    "HardSigmoid": [0.3, 0.4],
}


@pytest.mark.parametrize("activation", CONV_ACTIVATIONS)
def test_fused_conv(activation: str) -> None:
    extra: dict[str, Any] = {"activation": activation}
    if CONV_ACTIVATIONS[activation]:
        extra["activation_params"] = CONV_ACTIVATIONS[activation]
    inputs = [normal(1, 4, 6, 6), normal(4, 2, 3, 3), normal(4)]
    against_runtime("FusedConv", inputs, group=2, pads=[1, 1, 1, 1], **extra)


def test_fused_conv_adds_before_its_activation() -> None:
    x, z = normal(1, 4, 6, 6), normal(1, 4, 6, 6)
    inputs = [x, normal(4, 4, 3, 3), normal(4), z]
    against_runtime("FusedConv", inputs, activation="Relu", pads=[1, 1, 1, 1])
    model = model_of(
        "FusedConv", inputs, domain=MICROSOFT, activation="Relu", kernel_shape=[3, 3], pads=[1] * 4
    )
    assert lines(model) == ["F.conv2d(x0, x1, x2, padding=1)", "v0 + x3", "torch.relu(v1)"]


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zero_points", ["none", "packed"])
def test_matmul_of_packed_weights(bits: int, zero_points: str) -> None:
    rows, blocks = 6, 4
    packed, scales = u8(rows, blocks, 2 * bits), np.abs(normal(rows * blocks))
    points = [u8(rows * -(-blocks * bits // 8))] if zero_points == "packed" else []
    sizes: dict[str, Any] = {"K": 64, "N": rows, "bits": bits, "block_size": 16}
    inputs = [normal(2, 3, 64), packed, scales, *points]
    against_runtime("MatMulNBits", inputs, rtol=1e-3, atol=1e-3, **sizes)


def test_packed_weights_whose_columns_say_their_block() -> None:
    sizes: dict[str, Any] = {"K": 64, "N": 6, "bits": 4, "block_size": 16}
    scales, index = np.abs(normal(24)), integers(4, 64)
    inputs = [normal(3, 64), u8(6, 4, 8), scales, None, index]
    against_runtime("MatMulNBits", inputs, rtol=1e-3, atol=1e-3, **sizes)
    inputs[3] = u8(12)
    with pytest.raises(RamielError, match="ONNX Runtime ignores them"):
        compiled(model_of("MatMulNBits", inputs, domain=MICROSOFT, **sizes))


def test_a_known_packed_weight_is_unpacked_when_compiling() -> None:
    sizes: dict[str, Any] = {"K": 64, "N": 6, "bits": 4, "block_size": 16}
    inputs = [normal(3, 64), u8(6, 4, 8), np.abs(normal(24))]
    model = model_of("MatMulNBits", inputs, domain=MICROSOFT, baked=True, **sizes)
    assert [line.split(",")[0] for line in lines(model)] == ["F.linear(x0"]


def test_tensor_operators() -> None:
    against_runtime("Trilu", [normal(3, 4), np.array(1, np.int64)], upper=0)
    against_runtime("Inverse", [normal(2, 3, 3)])
    against_runtime("ExpandDims", [normal(2, 3), np.array(-1, np.int32)])
    against_runtime("UnfoldTensor", [normal(2, 9, 4)], size=3, step=2, dim=1)
    against_runtime("Unique", [np.array([3, 1, 1, 2, 3, 3], np.float32)], 3)
    against_runtime("CDist", [normal(4, 3), normal(5, 3)])
    against_runtime("CDist", [normal(4, 3), normal(5, 3)], metric="euclidean")
    against_runtime("GatherND", [normal(3, 4), np.array([[0, 1], [2, 3]], np.int64)])
    limits = [np.array(number, np.float32) for number in (1, 7)]
    against_runtime("Range", limits, dynamic=False)
