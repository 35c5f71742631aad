"""An outside package teaches Ramiel an operation: a dialect, a rewrite and a lowering of its own.

The package is examples/extension, installed into a folder of its own as pip installs any other;
docs/extending.md builds it step by step.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from ramiel.loading import import_package

EXAMPLE = Path(__file__).parents[2] / "examples" / "extension"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the extension is installed in."""
    source = tmp_path_factory.mktemp("source") / "extension"
    shutil.copytree(EXAMPLE, source)
    site = tmp_path_factory.mktemp("site")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(site), str(source)]
    subprocess.run(pip, check=True, capture_output=True)
    return site


@pytest.fixture
def run(site: Path) -> Run:
    """Runs a tool where the extension is installed."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """y = silu(x), z = y · sigmoid(1.702·y)."""
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"], "/first/Sigmoid"),
        helper.make_node("Mul", ["x", "s"], ["y"], "/first/Mul"),
        helper.make_node("Mul", ["y", "beta"], ["p"], "/second/Mul"),
        helper.make_node("Sigmoid", ["p"], ["t"], "/second/Sigmoid"),
        helper.make_node("Mul", ["y", "t"], ["z"], "/second/Mul_1"),
    ]
    graph = helper.make_graph(
        nodes,
        "swishes",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 8])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [2, 8])],
        [helper.make_tensor("beta", TensorProto.FLOAT, [], [1.702])],
    )
    opsets = [helper.make_opsetid("", 17)]
    file = tmp_path_factory.mktemp("model") / "swishes.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)
    return file


def test_ramiel_opt_knows_the_dialect_and_the_pass(run: Run, model: Path) -> None:
    text = run(sys.executable, "-m", "ramiel.tools.ramiel_opt", "--form-swish", str(model)).stdout
    assert text.count("swish.swish") == 2
    assert "onnx.Sigmoid" not in text
    assert 'loc("/second/Mul_1")' in text


def test_the_tests_of_the_package_pass(run: Run) -> None:
    lit = Path(sys.executable).parent / "lit"
    assert "Passed: 3" in run(str(lit), str(EXAMPLE / "tests")).stdout


def test_ramiel_compile_runs_the_pass_and_the_lowering(
    run: Run, model: Path, tmp_path: Path
) -> None:
    package = tmp_path / "swishes"
    run(sys.executable, "-m", "ramiel.tools.cli", "compile", str(model), "-o", str(package))
    code = (package / "model.py").read_text()
    assert "F.silu(x)" in code
    assert "operators.swish(" in code
    assert "sigmoid" not in code
    assert "def swish(x: Tensor, beta: float) -> Tensor:" in (package / "_operators.py").read_text()
    assert "ramiel_swish" not in code

    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 8)), dtype=torch.float32)
    y = x * torch.sigmoid(x)
    with import_package(package).Model.load() as loaded:
        torch.testing.assert_close(loaded(x), y * torch.sigmoid(1.702 * y))


def test_ramiel_compile_takes_the_cost_model(run: Run, model: Path, tmp_path: Path) -> None:
    package = tmp_path / "swishes"
    command = (sys.executable, "-m", "ramiel.tools.cli", "compile", str(model), "-o", str(package))
    run(*command, "--cost-model", "uniform")
    assert '"model": "uniform"' in (package / "costs.json").read_text()
    assert '"cost": [100000]' in (package / "costs.json").read_text()


def test_ramiel_verify_agrees(run: Run, model: Path) -> None:
    assert (
        "all within" in run(sys.executable, "-m", "ramiel.tools.cli", "verify", str(model)).stdout
    )


def test_without_the_package_the_model_compiles_as_it_is(model: Path) -> None:
    lines = [sys.executable, "-m", "ramiel.tools.ramiel_opt", str(model)]
    plain = subprocess.run(lines, capture_output=True, text=True, check=True)
    assert "onnx.Sigmoid" in plain.stdout
    refused = subprocess.run([*lines, "--form-swish"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "unrecognized arguments: --form-swish" in refused.stderr
