"""Large values are dropped after their last reader, and nothing else is."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options

MODEL = """
<ir_version: 10, opset_import: ["" : 20]>
chain (float[1, 4, 96, 96] x) => (float[1, 4, 96, 96] y, float[1, 4, 1, 1] small) {
    a = Exp(x)
    b = Tanh(a)
    mean = GlobalAveragePool(a)
    small = Relu(mean)
    y = Add(b, small)
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The model's package, written as one cluster."""
    model = onnx.parser.parse_model(MODEL)
    options = Options(workers=1, cost_model="static")
    write_package(compile_model(model, options, package="chain").program, tmp_path / "chain")
    return tmp_path / "chain"


def test_a_large_value_is_dropped_after_its_last_reader(package: Path) -> None:
    nodes = list(ast.walk(ast.parse((package / "model.py").read_text())))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    dropped = {name.id: name.lineno for name in names if isinstance(name.ctx, ast.Del)}
    assert sorted(dropped) == ["a", "b"]  # not x, mean, small: an argument, small, an output
    for dropped_name, line in dropped.items():
        last_read = max(
            name.end_lineno or name.lineno
            for name in names
            if name.id == dropped_name and isinstance(name.ctx, ast.Load)
        )
        assert last_read == line - 1


def test_it_computes_the_same(package: Path) -> None:
    x = np.random.default_rng(0).standard_normal((1, 4, 96, 96)).astype(np.float32)
    with import_package(package).Model.load() as model:
        y, small = model(torch.from_numpy(x))
    a = np.exp(x)
    mean = a.mean((2, 3), keepdims=True)
    np.testing.assert_allclose(small, mean, rtol=1e-5)
    np.testing.assert_allclose(y, np.tanh(a) + mean, rtol=1e-5)
