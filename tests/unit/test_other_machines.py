"""A package that was made for kernels which a machine lacks says so, and computes the same."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import ModelProto
from small_models import SMALL_MODELS

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options

EXECUTORS = ("serial", "threads")


def package(folder: Path, options: Options) -> tuple[Any, ModelProto]:
    """The module of a small network of convolutions, and the ONNX model."""
    model = SMALL_MODELS["inception"]()
    program = compile_model(model, options, package="inception").program
    write_package(program, folder / "inception")
    return import_package(folder / "inception"), model


def check(module: Any, model: ModelProto) -> None:
    """All executors give what onnxruntime gives, on inputs that make it vary."""
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    declared = module.Model.inputs
    generator = np.random.default_rng(0)
    inputs: dict[str, Any] = {
        i.name: generator.normal(size=i.shape).astype(np.float32) for i in declared
    }
    expected = session.run(None, inputs)
    assert all(np.ptp(array) > 0 for array in expected)
    for executor in EXECUTORS:
        with module.Model.load(executor=executor) as loaded:
            found = loaded(*[torch.from_numpy(array) for array in inputs.values()])
        for actual, array in zip(
            [found] if isinstance(found, torch.Tensor) else found, expected, strict=True
        ):
            np.testing.assert_allclose(actual.numpy(), array, rtol=1e-4, atol=1e-5)


def test_without_onednn_a_packed_package_warns_and_computes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(workers=2, force_parallel=True, without=("choose-kernels",))
    module, model = package(tmp_path, options)
    layouts = (tmp_path / "inception" / "_layouts.py").read_text()
    assert layouts.count("operators.pack_conv2d") > 1
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.warns(UserWarning, match="compiled for oneDNN, which this PyTorch lacks"):
        check(module, model)


def test_with_onednn_nothing_is_said(tmp_path: Path) -> None:
    module, model = package(tmp_path, Options(workers=2, force_parallel=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(module, model)


def test_a_portable_package_names_no_kernel_of_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, model = package(tmp_path, Options(workers=2, force_parallel=True, portable=True))
    files = {path.name: path.read_text() for path in (tmp_path / "inception").glob("*.py")}
    assert "_layouts.py" not in files
    assert not [name for name, text in files.items() if "mkldnn" in text or "onednn" in text]
    assert "F.conv2d(" in files["model.py"]
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(module, model)
