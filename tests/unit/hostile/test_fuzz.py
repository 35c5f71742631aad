"""A short run of what `make fuzz` does for hours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"


@pytest.mark.parametrize(
    "command",
    [
        ("run.py", "lift", "--runs", "150", "--start", "5000000"),
        ("run.py", "compile", "--runs", "30", "--start", "5000000"),
        ("texts.py", "--runs", "300", "--start", "5000000"),
        ("differential.py", "--graphs", "10", "--seed", "900"),
    ],
    ids=["lift", "compile", "texts", "differential"],
)
def test_a_short_run_finds_nothing(command: tuple[str, ...]) -> None:
    file, *arguments = command
    done = subprocess.run(
        [sys.executable, str(FUZZ / file), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
