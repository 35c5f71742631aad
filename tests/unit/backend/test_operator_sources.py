"""What _operators.py takes from the helpers' modules."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ramiel.backend.operator_sources import gather
from ramiel.errors import RamielError
from ramiel.operators.helpers import kernels
from ramiel.operators.registry import callees


def test_helpers_keep_their_decorators() -> None:
    assert "\n\n\n@functools.cache\ndef has_onednn() -> bool:\n" in gather([kernels.pack_linear])


def test_all_helpers_fit_into_one_file() -> None:
    helpers = [callee.helper_function for callee in callees()]
    assert "def gru(" in gather([helper for helper in helpers if helper is not None])


def test_two_meanings_of_a_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    helpers: list[Any] = []
    for factor in ("2", "3"):
        name = f"helpers_that_multiply_by_{factor}"
        (tmp_path / f"{name}.py").write_text(f"def scale(x):\n    return {factor} * x\n")
        helpers.append(importlib.import_module(name).scale)
    with pytest.raises(RamielError, match="two modules of helpers define 'scale'"):
        gather(helpers)


def test_what_begins_with_a_constant_is_formatted(tmp_path: Path) -> None:
    (tmp_path / "_operators.py").write_text(gather([kernels.conv2d]))
    for command in (["format", "--check"], ["check", "--select", "F,I"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache"]
        done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
