"""Each command does its work and ends with 0, or says in one line why it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.tools.cli import COMMANDS

Ramiel = Callable[..., "int | str"]


def test_compile_writes_a_package(ramiel: Ramiel, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    assert ramiel("compile", model, "-o", folder, "--name", "TwoBranches") == 0
    assert "class TwoBranches(" in (folder / "model.py").read_text()
    assert load_file(folder / "weights.safetensors") == {}


def test_compile_says_what_it_decided(
    ramiel: Ramiel, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compile", model, "--workers", 2]
    assert ramiel(*arguments, "-o", tmp_path / "serial") == 0
    assert ramiel(*arguments, "-o", tmp_path / "parallel", "--force-parallel") == 0
    serial, parallel = capsys.readouterr().out.splitlines()
    assert "serial: 2 clusters" in serial or "one cluster" in serial
    assert "2 clusters, " in parallel
    assert "channels.send(" in (tmp_path / "parallel" / "model.py").read_text()


def test_compile_keeps_the_ir_of_each_step(ramiel: Ramiel, model: Path, tmp_path: Path) -> None:
    assert ramiel("compile", model, "-o", tmp_path / "package", "--emit-ir") == 0
    stages = sorted(path.name for path in (tmp_path / "package" / "ir").glob("*.mlir"))
    assert stages[0] == "00-lift.mlir"
    assert any("convert-onnx-to-torch" in name for name in stages)


def test_verify_compares_with_the_reference(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("verify", model) == 0
    shown = capsys.readouterr().out
    assert "serial" in shown
    assert "threads" in shown
    assert "all within" in shown


def test_info_counts_operators(
    ramiel: Ramiel, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("info", model) == 0
    shown = capsys.readouterr().out
    assert "Tanh 1" in shown
    assert "clusters" in shown


def test_run_runs_a_package(
    ramiel: Ramiel, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ramiel("compile", model, "-o", tmp_path / "package") == 0
    assert ramiel("run", tmp_path / "package", "--random", 0) == 0
    assert "y" in capsys.readouterr().out


def test_bench_writes_its_timings(ramiel: Ramiel, model: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert ramiel("bench", model, "--rounds", 1, "--seconds", 0.01, "--json", report) == 0
    assert all(ms > 0 for ms in json.loads(report.read_text())["median_ms"].values())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    from ramiel.tools.cli import main

    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"ramiel {command} " in capsys.readouterr().out.partition("example:")[2]


@pytest.mark.parametrize("command", ["compile", "verify", "run", "bench", "info"])
@pytest.mark.parametrize("contents", [None, b"", b"this is text\n"], ids=["gone", "empty", "text"])
def test_what_is_no_model_is_one_line(
    ramiel: Ramiel, tmp_path: Path, command: str, contents: bytes | None
) -> None:
    file = tmp_path / "bad.onnx"
    if contents is not None:
        file.write_bytes(contents)
    output = ["-o", tmp_path / "package"] if command == "compile" else []
    message = ramiel(command, file, *output)
    assert isinstance(message, str)
    assert message.startswith("ramiel: ")
    assert "bad.onnx" in message
    assert "\n" not in message
    assert not (tmp_path / "package").exists()


def test_all_operators_without_a_lowering_are_listed(
    ramiel: Ramiel, model: Path, tmp_path: Path
) -> None:
    proto = onnx.load(model)
    for index in (0, 1):
        proto.graph.node[index].op_type = f"Wobble{index}"
    onnx.save(proto, model)
    message = ramiel("compile", model, "-o", tmp_path / "package")
    assert isinstance(message, str)
    assert "2 nodes cannot be compiled" in message
    assert "'left'" in message
    assert "'right'" in message
    assert not (tmp_path / "package").exists()


def test_a_folder_of_somebody_else_is_refused(ramiel: Ramiel, model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    message = ramiel("compile", model, "-o", tmp_path / "mine")
    assert "was not made by Ramiel" in str(message)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--workers", "0"], "--workers must be at least 1"),
        (["--dim", "batch"], "batch"),
    ],
)
def test_wrong_options_are_one_line(
    ramiel: Ramiel, model: Path, tmp_path: Path, options: list[str], reason: str
) -> None:
    message = str(ramiel("compile", model, "-o", tmp_path / "package", *options))
    assert reason in message
    assert "\n" not in message


def test_the_process_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ramiel.tools.cli", "info", str(tmp_path / "gone.onnx")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
