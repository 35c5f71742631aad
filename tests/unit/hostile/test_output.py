"""What is written appears whole or not at all, also through the styles, and where writing fails."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from small_models import SMALL_MODELS
from test_ways_to_write import two_convolutions

from ramiel.backend.package import write_folder
from ramiel.errors import RamielError
from ramiel.tools.cli import main

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from ramiel.tools.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
main(sys.argv[2:])
"""
STYLES = pytest.mark.parametrize("style", ["clusters", "module", "script"])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of 4 MB, in a folder of its own."""
    found = SMALL_MODELS["towers"]()
    weight = np.arange(1 << 20, dtype=np.float32).reshape(1, -1)
    found.graph.initializer.append(numpy_helper.from_array(weight, "large"))
    found.graph.node.append(helper.make_node("Mul", ["click", "large"], ["many"]))
    found.graph.output.append(helper.make_tensor_value_info("many", 1, [4, 1 << 20]))
    (tmp_path / "model").mkdir()
    onnx.save(found, tmp_path / "model" / "towers.onnx")
    return tmp_path / "model" / "towers.onnx"


@STYLES
@pytest.mark.parametrize("limit", [0, 2000, 1 << 20], ids=["nothing", "no source", "no weights"])
def test_a_full_disk_leaves_nothing(model: Path, style: str, limit: int, tmp_path: Path) -> None:
    """A file that may not grow fails as one on a full disk does."""
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", LIMITED, str(limit), "compile", str(model)]
    command += ["-o", str(tmp_path / "out" / "package"), "--style", style]
    environment = os.environ | {"RAMIEL_COST_MODEL": "static", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1, done.stderr
    assert "cannot write" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not list((tmp_path / "out").iterdir())


@STYLES
def test_what_is_there_stays_when_writing_fails(model: Path, style: str, tmp_path: Path) -> None:
    package = tmp_path / "package"
    with pytest.raises(SystemExit, match="0"):
        main(["compile", str(model), "-o", str(package), "--style", style])
    before = {file: file.read_bytes() for file in package.rglob("*") if file.is_file()}
    command = [sys.executable, "-c", LIMITED, "2000", "compile", str(model)]
    command += ["-o", str(package), "--style", style]
    environment = os.environ | {"RAMIEL_COST_MODEL": "static", "PYTHONDONTWRITEBYTECODE": "1"}
    assert subprocess.run(command, capture_output=True, env=environment).returncode == 1
    after = {file: file.read_bytes() for file in package.rglob("*") if file.is_file()}
    assert after == before


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["not written", "not even searched"])
def test_a_folder_without_permission_stays_as_it_is(mode: int) -> None:
    """Root may write everywhere: a child becomes somebody else first."""

    def write(folder: Path) -> None:
        if os.geteuid() == 0:
            os.seteuid(65534)
        with pytest.raises(RamielError, match=r"cannot write .*[Pp]ermission"):
            write_folder(folder / "package", {"model.py": ""}, lambda _: None)

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "folder"
        folder.mkdir()
        folder.chmod(mode)
        child = multiprocessing.get_context("fork").Process(target=write, args=(folder,))
        child.start()
        child.join()
        folder.chmod(0o755)
        assert child.exitcode == 0
        assert not list(folder.iterdir())


@STYLES
def test_no_two_files_differ_in_case_only(style: str, tmp_path: Path) -> None:
    """What is written to a file system that folds case is what was meant."""
    path = tmp_path / "Model.onnx"
    onnx.save(two_convolutions("W"), path)
    command = ["compile", str(path), "-o", str(tmp_path / "out"), "--style", style]
    with pytest.raises(SystemExit, match="0"):
        main([*command, *(["--emit-ir"] if style == "clusters" else [])])
    files = [str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*")]
    assert len(files) > 2
    assert all(name == name.lower() for name in files)


@STYLES
def test_a_folder_of_someone_else_is_replaced_only_by_force(
    model: Path, style: str, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "thesis.txt").write_text("mine")
    command = ["compile", str(model), "-o", str(package), "--style", style]
    with pytest.raises(SystemExit, match="was not made by Ramiel; --force replaces it"):
        main(command)
    assert [file.name for file in package.iterdir()] == ["thesis.txt"]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--force"])
    assert (package / "model.py").is_file() and not (package / "thesis.txt").exists()
