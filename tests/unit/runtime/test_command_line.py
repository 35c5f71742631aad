"""python -m PACKAGE runs the model once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ramiel.runtime import main
from ramiel.runtime.command_line import describe, save


def test_as_a_program(branches: Any, example: Any, expected: Any, tmp_path: Path) -> None:
    for name, tensor in zip(("data", "scale"), example, strict=True):
        np.save(tmp_path / f"{name}.npy", tensor.numpy())
    inputs = [f"--input={name}={tmp_path}/{name}.npy" for name in ("data", "scale")]
    folder = branches.folder()
    done = subprocess.run(
        [sys.executable, "-m", folder.name, *inputs, "-o", tmp_path / "out"],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name, tensor in zip(("total", "right"), expected, strict=True):
        assert f"{name}: (2, 3) float32 mean {tensor.mean():.3f}"[:-2] in done.stdout
        np.testing.assert_allclose(np.load(tmp_path / "out" / f"{name}.npy"), tensor, rtol=1e-5)


def test_random_inputs_are_the_same_for_a_seed(branches: Any, capsys: Any, executor: str) -> None:
    arguments = ["--random", "3", "--dim", "batch=5", "--executor", executor]
    assert main(branches, arguments) == 0
    first = capsys.readouterr().out
    assert "total: (5, 3) float32 mean" in first
    assert main(branches, arguments) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: missing 'data', 'scale' of 2 inputs"),
        (["--input", "data=nothing.npy"], "error: [Errno 2] No such file or directory"),
        (["--input", f"data={__file__}"], "not an array that PyTorch can read"),
        (["--random", "0", "--input", "x=zero.npy"], "error: no input 'x'"),
        (["--random", "0", "--weights", "nothing"], "error: no weights file nothing"),
        (["--random", "0", "-o", "zero.npy/x"], "error: [Errno 20] Not a directory"),
    ],
)
def test_bad_input_is_one_line(
    branches: Any, capsys: Any, monkeypatch: Any, tmp_path: Path, arguments: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("zero.npy", np.zeros((), np.float32))
    module = sys.modules[f"{branches.__module__.rpartition('.')[0]}._runtime"]
    assert module.main(branches, arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_pickled_arrays_are_refused(branches: Any, tmp_path: Path, capsys: Any) -> None:
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}]), allow_pickle=True)
    module = sys.modules[f"{branches.__module__.rpartition('.')[0]}._runtime"]
    assert module.main(branches, ["--input", f"data={tmp_path}/evil.npy"]) == 1
    assert "not an array that PyTorch can read" in capsys.readouterr().err


@pytest.mark.parametrize("bad", [["--input", "data"], ["--dim", "n=x"], ["--executor", "gpu"]])
def test_wrong_usage(branches: Any, bad: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        main(branches, bad)
    assert caught.value.code == 2
    assert "usage: python -m branches_" in capsys.readouterr().err


def test_describe() -> None:
    assert describe(torch.tensor([[True, False]])) == "(1, 2) bool mean 0.5 min 0 max 1"
    assert describe(torch.zeros(0, 3)) == "(0, 3) float32 empty"
    assert describe(torch.tensor(1 + 2j)) == "() complex64 mean 1+2j"


def test_save_takes_any_name_and_dtype(tmp_path: Path) -> None:
    tensor = torch.ones(2, dtype=torch.bfloat16)
    save({"../a/b": tensor, "a:b": tensor, "a b": tensor.int(), "": tensor}, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("_a_b.npy", "a_b.npy", "a_b_2.npy", "output.npy"),
    ]
    assert np.load(tmp_path / "out" / "_a_b.npy").dtype == np.float32
