"""`--precision bf16`: what it costs, with each executor, and where it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from small_models import SMALL_MODELS

from ramiel import precision
from ramiel.agreement import measure_agreement
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.operators.helpers import kernels
from ramiel.options import Options
from ramiel.tools.cli import main
from ramiel.verification import verify_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "cells.onnx"
    onnx.save(SMALL_MODELS["inception"](), path)
    return path


def options(portable: bool = False) -> Options:
    return Options(workers=2, precision="bf16", cost_model="static", portable=portable)


def silent(step: str) -> None:
    """Progress that nobody reads."""


@pytest.mark.parametrize("portable", [True, False], ids=["portable", "packed"])
def test_bfloat16_is_near_onnxruntime_but_not_as_near_as_float32(
    model: Path, portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    executors = ("serial", "threads", "processes")
    found = verify_model(model, options(portable=portable), silent, executors=executors)
    assert found.ok
    assert {item.executor for item in found.differences} == set(executors)
    assert all(item.tolerance == 0.05 for item in found.differences)
    assert max(item.relative for item in found.differences) > 1e-4
    assert all(item.variation > item.relative for item in found.differences)


def test_weights_are_stored_in_bfloat16(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    program = compile_model(model, options(), package="cells").program
    made = [read() for name, read in program.store.overlay.items() if name.endswith("_bf16")]
    assert made and all(array.dtype.name == "bfloat16" for array in made)


def test_a_cpu_without_bfloat16_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    with pytest.raises(RamielError, match=r"this CPU has no bfloat16 arithmetic.*--portable"):
        compile_model(model, options())
    compile_model(model, options(portable=True))


def test_the_preset_faithful_keeps_float32(model: Path, tmp_path: Path) -> None:
    arguments = ["compile", str(model), "-o", str(tmp_path / "package"), "--precision", "bf16"]
    with pytest.raises(SystemExit, match="which the preset faithful must not change"):
        main([*arguments, "--preset", "faithful"])
    assert not (tmp_path / "package").exists()


def test_a_package_for_bfloat16_falls_back_where_onednn_lacks_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernels.has_bfloat16.cache_clear()
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    weight, x = torch.randn(8, 8, 3, 3).bfloat16(), torch.randn(1, 8, 6, 6).bfloat16()
    try:
        with pytest.warns(UserWarning, match="compiled for bfloat16, for which oneDNN has no ker"):
            packed = kernels.pack_conv2d(weight, input_shape=(1, 8, 6, 6), padding=1)
    finally:
        kernels.has_bfloat16.cache_clear()
    assert packed is weight
    expected = torch.relu(torch.nn.functional.conv2d(x, weight, padding=1))
    assert torch.equal(kernels.conv2d(x, packed, padding=1, activation="relu"), expected)


def test_classes_are_compared_row_by_row() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)
    ours = np.array([[0.2, 0.8], [0.4, 0.6]], np.float32)
    [found] = measure_agreement(
        ["y", "n"], lambda _: [ours, ours[0]], lambda _: [scores, ours[0]], [{}]
    )
    assert (found.same, found.rows, found.classes) == (1, 2, 2)
    assert found.text == "y: largest score agrees in 1 of 2 rows (2 different classes)"
