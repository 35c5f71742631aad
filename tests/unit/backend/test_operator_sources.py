"""What _operators.py takes from the helpers' modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ramiel.backend.operator_sources import gather
from ramiel.operators.helpers import kernels


def test_helpers_keep_their_decorators() -> None:
    assert "\n\n\n@functools.cache\ndef has_onednn() -> bool:\n" in gather([kernels.pack_linear])


def test_what_begins_with_a_constant_is_formatted(tmp_path: Path) -> None:
    (tmp_path / "_operators.py").write_text(gather([kernels.conv2d]))
    for command in (["format", "--check"], ["check", "--select", "F,I"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache"]
        done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
