"""Tensors from shapes and numbers, random ones, windows, losses and quantization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of, run
from onnx import numpy_helper

from ramiel.errors import RamielError

SINGLE = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)


def number(value: float, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return np.array(value, dtype)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


@pytest.mark.parametrize("shape", [(), (2, 3), (0, 2)])
@pytest.mark.parametrize("value", [np.float32(0), np.float32(2.5), np.int64(7), np.bool_(True)])
def test_constant_of_shape(shape: tuple[int, ...], value: Any) -> None:
    tensor = numpy_helper.from_array(np.array([value]))
    expected = [np.full(shape, value)]
    check("ConstantOfShape", [ints(*shape)], value=tensor, expected=expected, dynamic=False)


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("ends", [(0, 5, 1), (3, 10, 2), (10, 4, -2), (4, 2, 1)])
def test_range(dtype: str, ends: tuple[int, int, int]) -> None:
    check("Range", [np.array(end, dtype) for end in ends])


@pytest.mark.parametrize("shape", [(2, 3, 4), (1,), (3, 1), (5, 1, 1, 4), ()])
def test_expand(shape: tuple[int, ...]) -> None:
    x = SINGLE[:, :1]
    expected = np.broadcast_to(x, np.broadcast_shapes(x.shape, shape))
    check("Expand", [x, ints(*shape)], expected=[expected])


@pytest.mark.parametrize("k", [-1, 0, 2])
def test_eye(k: int) -> None:
    check("EyeLike", [np.zeros((3, 4), np.float32)], k=k)
    check("EyeLike", [np.zeros((3, 4), np.float32)], k=k, dtype=7)


@pytest.mark.parametrize("operator", ["HannWindow", "HammingWindow", "BlackmanWindow"])
@pytest.mark.parametrize("periodic", [0, 1])
def test_windows(operator: str, periodic: int) -> None:
    check(operator, [np.array(10, np.int64)], periodic=periodic, dynamic=False)


@pytest.mark.parametrize("operator", ["RandomNormalLike", "RandomUniformLike"])
def test_random_tensors_have_a_seed(operator: str) -> None:
    x = np.zeros((50, 40), np.float32)
    free, seeded = model_of(operator, [x]), model_of(operator, [x], seed=3.0)
    assert not np.array_equal(run(free, [x])[0], run(free, [x])[0])
    assert np.array_equal(run(seeded, [x])[0], run(seeded, [x])[0])
    mean = run(seeded, [x])[0].mean()
    assert abs(mean - (0.5 if "Uniform" in operator else 0.0)) < 0.1


def test_bernoulli_follows_its_probabilities() -> None:
    x = np.full((100, 100), 0.25, np.float32)
    [drawn] = run(model_of("Bernoulli", [x]), [x])
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert abs(drawn.mean() - 0.25) < 0.03


def test_dropout_is_the_identity_in_inference() -> None:
    check("Dropout", [SINGLE], 2, expected=[SINGLE, np.ones(SINGLE.shape, bool)])
    check("Dropout", [SINGLE, number(0.5), np.array(False)], expected=[SINGLE])


def test_dropout_in_training_drops_what_the_reference_drops() -> None:
    check("Dropout", [SINGLE, number(0.75), np.array(True)], 2, seed=5)


def test_dropout_before_opset_7_is_not_trained() -> None:
    with pytest.raises(RamielError, match="inference only"):
        lines(model_of("Dropout", [SINGLE], opset=6))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("operator", ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses(operator: str, reduction: str, weighted: bool) -> None:
    target = np.array([[0, 2, 1, 0], [1, 1, 0, 2]], np.int64)
    weight = [np.array([0.2, 0.3, 0.5], np.float32)] if weighted else []
    check(operator, [SINGLE, target, *weight], reduction=reduction)
    check(operator, [SINGLE, target, *weight], reduction=reduction, ignore_index=1)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_quantization(dtype: str) -> None:
    x = np.linspace(-40000, 70000, 24).reshape(2, 3, 4).astype(np.float32)
    scale, zero = np.array([1.5, 0.25, 300], np.float32), np.array([3, 0, 100], dtype)
    check("QuantizeLinear", [x, scale, zero], axis=1)
    check("QuantizeLinear", [x, number(300), number(100, dtype)])
    quantized = np.arange(24).reshape(2, 3, 4).astype(dtype)
    check("DequantizeLinear", [quantized, scale, zero], axis=1)


def test_quantization_rounds_halves_to_even() -> None:
    x = np.array([0.5, 1.5, 2.5], np.float32)
    expected = [np.array([1, 3, 3], np.uint8)]
    check("QuantizeLinear", [x, number(1), number(1, "uint8")], expected=expected)


def test_dynamic_quantization() -> None:
    for x in (SINGLE, np.abs(SINGLE), np.zeros((2, 2), np.float32)):
        check("DynamicQuantizeLinear", [x], 3)


def test_products_of_quantized_matrices() -> None:
    a, b = np.arange(6, dtype=np.uint8).reshape(2, 3), np.arange(12, dtype=np.uint8).reshape(3, 4)
    check("MatMulInteger", [a, b, number(2, "uint8"), number(7, "uint8")])
    scales = number(0.1), number(0.2), number(0.05)
    zeros = number(1, "uint8"), number(2, "uint8"), number(3, "uint8")
    operands = [a, scales[0], zeros[0], b, scales[1], zeros[1], scales[2], zeros[2]]
    check("QLinearMatMul", operands)


@pytest.mark.parametrize("zero_point", [0, 1, 2, 3])
def test_quantized_products_round_before_the_zero_point_is_added(zero_point: int) -> None:
    """As the text of QLinearMatMul and onnxruntime have it; ONNX's evaluator rounds the sum."""
    a, b = np.arange(8, dtype=np.uint8).reshape(8, 1), np.ones((1, 1), np.uint8)
    half, one, zero = number(0.5), number(1.0), number(0, "uint8")
    operands = [a, half, zero, b, one, zero, one, number(zero_point, "uint8")]
    expected = np.array([0, 0, 1, 2, 2, 2, 3, 4], np.uint8).reshape(8, 1) + np.uint8(zero_point)
    check("QLinearMatMul", operands, opset=21, expected=[expected])
    check("QLinearMatMul", operands, opset=21, oracle="onnxruntime")


@pytest.mark.parametrize(
    ("operator", "operands", "expected"),
    [
        ("ConstantOfShape", [ints(2, 3)], "torch.zeros(2, 3)"),
        ("Expand", [SINGLE[:, :1], ints(2, 3, 4)], "x0.expand(2, 3, 4)"),
        ("EyeLike", [np.zeros((3, 4), np.float32)], "torch.eye(3, 4)"),
    ],
)
def test_calls_read_as_written_by_hand(
    operator: str, operands: list[np.ndarray[Any, Any]], expected: str
) -> None:
    model = model_of(operator, operands, baked=True)
    if operator == "ConstantOfShape":
        shape = model.graph.input.pop()
        model.graph.initializer.append(numpy_helper.from_array(operands[0], shape.name))
    assert lines(model) == [expected]
