"""The generated package is a product: the same each time, formatted, and it stands alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from small_models import SMALL_MODELS
from stages import write

from ramiel.operators import helpers
from ramiel.options import PRESETS

PRODUCED = ("__init__.py", "__main__.py", "model.py", "_operators.py")
"""Files that are written for the model; the others are the runtime, the same for all."""

RUN_ALONE = """
import importlib.abc, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {"onnx", "onnxruntime", "ramiel", "xdsl"}:
            raise ImportError(f"{name} is not for generated code")

sys.meta_path.insert(0, Blocker())
sys.path.insert(0, sys.argv[1])
import torch
from towers import Model, Towers

assert Model is Towers
inputs = [torch.randn(*declared.shape) for declared in Model.inputs]
results = []
for executor in ("serial", "threads"):
    with Model.load(executor=executor) as model:
        results.append(model(*inputs))
for serial, threads in zip(*results, strict=True):
    assert torch.equal(serial, threads)
"""


def compile_towers(folder: Path, hash_seed: int) -> Path:
    """Compile the towers with the command, in a process with its own order of sets."""
    folder.mkdir()
    onnx.save(SMALL_MODELS["towers"](), folder / "towers.onnx")
    command = [sys.executable, "-m", "ramiel.tools.cli", "compile", "towers.onnx", "-o", "towers"]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    options = ["--workers", "2", "--force-parallel"]
    subprocess.run([*command, *options], cwd=folder, env=environment, check=True)
    return folder / "towers"


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the towers."""
    return compile_towers(tmp_path_factory.mktemp("package") / "first", hash_seed=1)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a package."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_same_model_same_bytes(towers: Path, tmp_path: Path) -> None:
    first, second = contents(towers), contents(compile_towers(tmp_path / "second", hash_seed=2))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_stands_alone(towers: Path) -> None:
    command = [sys.executable, "-I", "-c", RUN_ALONE, str(towers.parent)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SMALL_MODELS)
@pytest.mark.parametrize("preset", PRESETS)
def test_is_formatted_as_ruff_does_it(name: str, preset: str, tmp_path: Path) -> None:
    onnx.save(SMALL_MODELS[name](), tmp_path / f"{name}.onnx")
    package = write(tmp_path / f"{name}.onnx", preset, tmp_path)
    files = [str(package / name) for name in PRODUCED if (package / name).exists()]
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,I"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "88"]
        done = subprocess.run([*ruff, *files], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_helpers_are_formatted_as_the_packages_that_they_go_into() -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--isolated"]
    done = subprocess.run([*ruff, str(Path(helpers.__path__[0]))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
