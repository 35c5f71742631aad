"""A model file, and a way to see what a tool does with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import onnx.parser
import pytest

from ramiel.tools.cli import main

TWO_BRANCHES = """<ir_version: 8, opset_import: ["": 17]>
two_branches (float[256, 4096] x) => (float[256, 4096] y) {
  [left] a = Tanh(x)
  [right] b = Sigmoid(x)
  [sum] y = Add(a, b)
}"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file with two branches and their sum."""
    file = tmp_path / "two_branches.onnx"
    onnx.save(onnx.parser.parse_model(TWO_BRANCHES), file)
    return file


@pytest.fixture
def ramiel() -> Callable[..., int | str]:
    """Runs `ramiel`: the exit code, or the message that goes to standard error with code 1."""

    def run(*arguments: object) -> int | str:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert ended.value.code is not None
        return ended.value.code

    return run
