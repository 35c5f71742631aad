"""Convolutions: every attribute, in one to three dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of, run

from ramiel.errors import RamielError

RANDOM = np.random.default_rng(1)


def normal(*shape: int, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 1]},
        {"pads": [1, 2, 1, 2]},
        {"pads": [0, 1, 2, 0], "strides": [2, 2]},
        {"dilations": [2, 1]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER"},
        {"auto_pad": "VALID"},
    ],
)
def test_conv_2d(attributes: dict[str, Any]) -> None:
    inputs = [normal(2, 3, 7, 8), normal(4, 3, 3, 2), normal(4)]
    check("Conv", inputs, kernel_shape=[3, 2], **attributes)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_conv_groups(groups: int) -> None:
    check("Conv", [normal(1, 4, 5, 5), normal(8, 4 // groups, 3, 3)], group=groups)


def test_conv_1d_and_3d() -> None:
    check("Conv", [normal(2, 3, 9), normal(4, 3, 3)], pads=[2, 0], strides=[2])
    check("Conv", [normal(1, 2, 4, 5, 6), normal(3, 2, 2, 2, 2)], pads=[0, 1, 0, 1, 1, 0])


def test_conv_float64() -> None:
    check("Conv", [normal(1, 2, 5, 5, dtype="float64"), normal(3, 2, 3, 3, dtype="float64")])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, "F.conv2d(x0, x1, x2)"),
        ({"pads": [1, 1, 1, 1], "strides": [2, 2]}, "F.conv2d(x0, x1, x2, stride=2, padding=1)"),
        ({"pads": [1, 0, 1, 0]}, "F.conv2d(x0, x1, x2, padding=(1, 0))"),
        ({"dilations": [2, 2]}, "F.conv2d(x0, x1, x2, dilation=2)"),
    ],
)
def test_conv_reads_as_written_by_hand(attributes: dict[str, Any], expected: str) -> None:
    model = model_of("Conv", [normal(1, 3, 9, 9), normal(4, 3, 3, 3), normal(4)], **attributes)
    assert lines(model) == [expected]


def test_uneven_padding_is_a_line_of_its_own() -> None:
    model = model_of("Conv", [normal(1, 3, 9, 9), normal(4, 3, 3, 3)], pads=[0, 1, 1, 2])
    assert lines(model) == ["F.pad(x0, (1, 2, 0, 1))", "F.conv2d(v0, x1)"]


def test_conv_in_four_dimensions_is_refused() -> None:
    model = model_of("Conv", [normal(1, 1, 3, 3, 3, 3), normal(1, 1, 2, 2, 2, 2)])
    with pytest.raises(RamielError, match="4 spatial dimensions"):
        run(model, [])


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [3, 2], "pads": [1, 2, 1, 2]},
        {"strides": [3, 2], "output_padding": [1, 1]},
        {"strides": [3, 2], "pads": [1, 0, 0, 2]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"dilations": [2, 2]},
        {"group": 2},
    ],
)
def test_conv_transpose(attributes: dict[str, Any]) -> None:
    filters = 4 // attributes.get("group", 1)
    check(
        "ConvTranspose",
        [normal(1, 4, 3, 4), normal(4, filters, 3, 3)],
        oracle="onnxruntime",
        **attributes,
    )


def test_conv_transpose_bias_and_output_shape() -> None:
    inputs = [normal(1, 2, 3, 3), normal(2, 3, 3, 3), normal(3)]
    model = model_of("ConvTranspose", inputs, strides=[3, 2], output_shape=[10, 8])
    assert run(model, inputs)[0].shape == (1, 3, 10, 8)
    plain = run(model_of("ConvTranspose", inputs, strides=[3, 2]), inputs)[0]
    whole = np.pad(plain - inputs[2][:, None, None], ((0, 0), (0, 0), (0, 1), (0, 1)))
    expected = whole + inputs[2][:, None, None]
    np.testing.assert_allclose(run(model, inputs)[0], expected, rtol=1e-5, atol=1e-5)


def test_conv_transpose_reads_as_written_by_hand() -> None:
    inputs = [normal(1, 2, 3, 3), normal(2, 3, 3, 3)]
    model = model_of(
        "ConvTranspose", inputs, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
    )
    expected = "F.conv_transpose2d(x0, x1, stride=2, padding=1, output_padding=1)"
    assert lines(model) == [expected]


def test_conv_integer() -> None:
    x = RANDOM.integers(0, 255, (1, 2, 5, 5)).astype(np.uint8)
    weight = RANDOM.integers(-128, 127, (3, 2, 3, 3)).astype(np.int8)
    zero_points = np.array(7, np.uint8), np.array(-2, np.int8)
    centered = x.astype(np.float64) - 7, weight.astype(np.float64) + 2
    expected = run(model_of("Conv", centered, pads=[1, 1, 1, 1]), centered)[0].astype(np.int32)
    model = model_of("ConvInteger", [x, weight, *zero_points], opset=10, pads=[1, 1, 1, 1])
    np.testing.assert_array_equal(run(model, [x, weight, *zero_points])[0], expected)


def test_quantized_convolution() -> None:
    x = RANDOM.integers(0, 255, (1, 2, 6, 6)).astype(np.uint8)
    weight = RANDOM.integers(0, 255, (3, 2, 3, 3)).astype(np.uint8)
    inputs = [
        x,
        np.array(0.02, np.float32),
        np.array(128, np.uint8),
        weight,
        np.array([0.01, 0.02, 0.005], np.float32),
        np.array([100, 128, 130], np.uint8),
        np.array(0.1, np.float32),
        np.array(120, np.uint8),
        RANDOM.integers(-500, 500, 3).astype(np.int32),
    ]
    real = x.astype(np.float64) - 128
    filters = weight.astype(np.float64) - inputs[5].reshape(3, 1, 1, 1)
    operands = [real, filters, inputs[8].astype(np.float64)]
    exact = run(model_of("Conv", operands, pads=[1, 1, 1, 1]), operands)[0]
    factor = (inputs[1] * inputs[4] / inputs[6]).reshape(3, 1, 1)
    expected = np.clip(np.round(exact * factor) + 120, 0, 255).astype(np.uint8)
    model = model_of("QLinearConv", inputs, opset=10, pads=[1, 1, 1, 1])
    np.testing.assert_array_equal(run(model, inputs)[0], expected)


@pytest.mark.parametrize("offset_groups", [1, 2])
def test_deform_conv(offset_groups: int) -> None:
    x, weight = normal(1, 4, 5, 6), normal(2, 4, 2, 2)
    offset, mask = normal(1, offset_groups * 8, 4, 5), normal(1, offset_groups * 4, 4, 5)
    inputs = [x, weight, offset, normal(2), mask]
    check("DeformConv", inputs, offset_group=offset_groups, pads=[0, 0, 0, 0], atol=1e-4)
