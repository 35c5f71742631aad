"""ONNX Runtime's quantized operators against ONNX Runtime: the same integers, every one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from checking import check, compiled, model_of

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.errors import RamielError

RANDOM = np.random.default_rng(22)
Numbers = np.ndarray[Any, Any]
BOTH = pytest.mark.parametrize("dtype", [np.uint8, np.int8])


def against_runtime(
    operator: str, inputs: Sequence[Numbers | None], outputs: int = 1, **options: Any
) -> None:
    """Compare with ONNX Runtime."""
    check(operator, inputs, outputs, domain=MICROSOFT, oracle="onnxruntime", opset=17, **options)


def numbers(dtype: Any, *shape: int) -> Numbers:
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max + 1, shape).astype(dtype)


def normal(*shape: int) -> Numbers:
    return RANDOM.standard_normal(shape).astype(np.float32)


def scale(number: float) -> Numbers:
    return np.array(number, np.float32)


def unary(dtype: Any, x: Numbers) -> list[Numbers]:
    return [x, scale(0.02), np.array(30, dtype), scale(0.03), np.array(40, dtype)]


@BOTH
@pytest.mark.parametrize("operator", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize("c_scale", [0.0231, 0.0517, 0.203])
def test_binary(operator: str, dtype: Any, c_scale: float) -> None:
    """With scales that make no exact halves: where those go depends on the processor."""
    a, b = numbers(dtype, 2, 30, 16), numbers(dtype, 30, 16)
    left, right = [a, scale(0.0213), np.array(3, dtype)], [b, scale(0.0307), np.array(7, dtype)]
    against_runtime(operator, [*left, *right, scale(c_scale), np.array(9, dtype)])


@BOTH
def test_unary(dtype: Any) -> None:
    x = numbers(dtype, 20, 16)
    against_runtime("QLinearLeakyRelu", unary(dtype, x), alpha=0.1)
    against_runtime("QLinearSigmoid", unary(dtype, x))


@BOTH
@pytest.mark.parametrize("channels_last", [0, 1])
def test_pooling(dtype: Any, channels_last: int) -> None:
    x = numbers(dtype, 1, 8, 8, 3) if channels_last else numbers(dtype, 1, 3, 8, 8)
    window: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}
    last = {"channels_last": channels_last}
    against_runtime("QLinearAveragePool", unary(dtype, x), **window, **last)
    against_runtime("QLinearAveragePool", unary(dtype, x), count_include_pad=1, **window, **last)
    against_runtime("QLinearGlobalAveragePool", unary(dtype, x), **last)


def test_average_pool_that_onnx_runtime_computes_in_its_own_way_is_refused() -> None:
    inputs = unary(np.uint8, numbers(np.uint8, 1, 3, 8, 8))
    model = model_of(
        "QLinearAveragePool",
        inputs,
        domain=MICROSOFT,
        kernel_shape=[3, 3],
        ceil_mode=1,
        count_include_pad=1,
    )
    with pytest.raises(RamielError, match="ceil_mode and count_include_pad"):
        compiled(model)


@BOTH
def test_max_pool_with_channels_last(dtype: Any) -> None:
    window: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}
    against_runtime("NhwcMaxPool", [numbers(dtype, 1, 8, 8, 3)], **window)


@BOTH
@pytest.mark.parametrize("channels_last", [0, 1])
def test_convolution(dtype: Any, channels_last: int) -> None:
    x = numbers(dtype, 1, 6, 6, 4) if channels_last else numbers(dtype, 1, 4, 6, 6)
    weight, bias = numbers(dtype, 5, 4, 3, 3), RANDOM.integers(-50, 50, 5).astype(np.int32)
    inputs = [x, scale(0.02), np.array(3, dtype), weight, scale(0.03), np.array(0, dtype)]
    inputs += [scale(0.5), np.array(8, dtype), bias]
    against_runtime("QLinearConv", inputs, pads=[1] * 4, channels_last=channels_last)


@BOTH
def test_concatenation_and_choice(dtype: Any) -> None:
    first = [numbers(dtype, 2, 3), scale(0.02), np.array(4, dtype)]
    second = [numbers(dtype, 2, 3), scale(0.04), np.array(1, dtype)]
    result = [scale(0.03), np.array(9, dtype)]
    against_runtime("QLinearConcat", [*result, *first, *second], axis=1)
    against_runtime("QLinearWhere", [RANDOM.random((2, 3)) > 0.5, *first, *second, *result])


@pytest.mark.parametrize(("axis", "since"), [(-1, 13), (1, 13), (1, 11)])
def test_softmax(axis: int, since: int) -> None:
    """Its own attribute `opset` says how many axes it takes."""
    x = numbers(np.uint8, 2, 5, 16)
    model = model_of("QLinearSoftmax", unary(np.uint8, x), domain=MICROSOFT, opset=17, axis=axis)
    from checking import compare, oracle_results, run
    from onnx import helper

    model.graph.node[0].attribute.append(helper.make_attribute("opset", since))
    inputs = unary(np.uint8, x)
    compare(run(model, inputs), oracle_results(model, inputs, "onnxruntime"), 0, 0)


@BOTH
@pytest.mark.parametrize("per_column", [False, True])
def test_products_to_float(dtype: Any, per_column: bool) -> None:
    b, b_scale = numbers(dtype, 8, 6), np.abs(normal(6)) if per_column else scale(0.03)
    point = numbers(dtype, 6) if per_column else np.array(4, dtype)
    inputs = [numbers(dtype, 5, 8), b, scale(0.02), b_scale, np.array(3, dtype), point, normal(6)]
    against_runtime("MatMulIntegerToFloat", inputs)
    against_runtime("DynamicQuantizeMatMul", [normal(2, 5, 8), b, b_scale, point, normal(6)])
    zeros = np.zeros((5, 8), np.float32)
    against_runtime("DynamicQuantizeMatMul", [zeros, b, b_scale])


@BOTH
def test_quantized_gemm(dtype: Any) -> None:
    a, b = numbers(dtype, 5, 8), numbers(dtype, 8, 6)
    operands = [a, scale(0.02), np.array(3, dtype), b, scale(0.03), np.array(4, dtype)]
    c, result = RANDOM.integers(-50, 50, 6).astype(np.int32), [scale(0.3), np.array(5, dtype)]
    against_runtime("QGemm", [*operands, c, *result])
    operands[0], operands[3] = a.T.copy(), b.T.copy()
    against_runtime("QGemm", operands, transA=1, transB=1, alpha=0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_conversion(dtype: Any) -> None:
    point = np.array(100, dtype)
    against_runtime("QuantizeLinear", [normal(2, 3), scale(0.01), point])
    against_runtime("DequantizeLinear", [numbers(dtype, 2, 3), scale(0.01), point])


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zero_points", [False, True])
def test_gather_of_blocks(bits: int, zero_points: bool) -> None:
    data, scales = numbers(np.uint8, 10, 4 * bits), np.abs(normal(10, 2))
    inputs = [data, RANDOM.integers(0, 10, (2, 3)), scales]
    inputs += [numbers(np.uint8, 10, bits // 4)] if zero_points else []
    against_runtime("GatherBlockQuantized", inputs, bits=bits, block_size=16)
