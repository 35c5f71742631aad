"""The runtime is carried by generated packages: it needs nothing but torch and safetensors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ramiel.runtime

FILES = sorted(Path(ramiel.runtime.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports(file: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1
            imported |= {(node.module or "").partition(".")[0]} if node.level == 0 else set()
    # numpy: only where the command line reads and writes .npy files.
    others = imported - sys.stdlib_module_names - {"torch", "safetensors"}
    assert others <= ({"numpy"} if file.name == "command_line.py" else set())


def test_a_package_imports_neither_ramiel_nor_onnx(branches: Any) -> None:
    program = (
        f"import sys, {branches.__module__} as module\n"
        "module.Model.load('serial')\n"
        "assert not {'ramiel', 'onnx', 'onnxruntime', 'xdsl'} & set(sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=branches.folder().parent, check=True, timeout=60
    )
