"""DFT, STFT and MelWeightMatrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from checking import check, lines, model_of
from onnx.reference import ReferenceEvaluator

from ramiel.onnx_backend import prepare

GENERATOR = np.random.default_rng(0)
REAL = GENERATOR.standard_normal((2, 6, 5, 1)).astype(np.float32)
COMPLEX = GENERATOR.standard_normal((2, 6, 5, 2)).astype(np.float32)
SIGNAL = GENERATOR.standard_normal((2, 21, 1)).astype(np.float32)


def int64(value: int) -> Any:
    return np.array(value, np.int64)


@pytest.mark.parametrize("x", [REAL, COMPLEX], ids=["real", "complex"])
@pytest.mark.parametrize("attributes", [{}, {"inverse": 1}, {"onesided": 1}], ids=str)
@pytest.mark.parametrize("length", [None, 4, 7])
def test_dft(x: Any, attributes: dict[str, Any], length: int | None) -> None:
    operands = [x, None if length is None else int64(length)]
    for axis in (1, -2):
        check("DFT", [*operands, int64(axis)], **attributes)
    check("DFT", operands, opset=17, axis=2, **attributes)


def test_inverse_of_one_sided_dft_is_real() -> None:
    check("DFT", [COMPLEX, int64(7), int64(1)], inverse=1, onesided=1)
    check("DFT", [COMPLEX.astype(np.float64)], inverse=1, onesided=1)


@pytest.mark.parametrize(("window", "length"), [(6, None), (None, 6), (6, 6), (6, 8)])
def test_stft(window: int | None, length: int | None) -> None:
    weights = None if window is None else np.hanning(window).astype(np.float32)
    operands = [SIGNAL, int64(4), weights, None if length is None else int64(length)]
    for onesided in (0, 1):
        check("STFT", operands, onesided=onesided)


@pytest.mark.parametrize(("lower", "upper"), [(0.0, 4000.0), (125.0, 1000.0)])
def test_mel_weight_matrix(lower: float, upper: float) -> None:
    edges = [np.array(edge, np.float32) for edge in (lower, upper)]
    check("MelWeightMatrix", [int64(8), int64(64), int64(8000), *edges], dynamic=False)


def test_transforms_read_as_calls() -> None:
    [line] = lines(model_of("DFT", [REAL, None, int64(1)], baked=True, onesided=1))
    assert line == "operators.dft(x0, axis=1, onesided=True)"


def test_a_spectrum_is_one_sided_where_a_node_does_not_say() -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 17]> g (float[1, 128, 1] x) => (float[1, 15, 9, 2] y)'
        " <int64 step = {8}, int64 length = {16}> { y = STFT(x, step, , length) }"
    )
    x = np.random.default_rng(0).standard_normal((1, 128, 1)).astype(np.float32)
    wanted: Any = ReferenceEvaluator(model).run(None, {"x": x})
    [y] = prepare(model).run([x])
    np.testing.assert_allclose(y, wanted[0], atol=1e-5)
