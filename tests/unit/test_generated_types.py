"""A type checker has nothing to say about generated code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from small_models import SMALL_MODELS

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.options import STYLES, Options
from ramiel.styles import compile_style, write_styled


def test_pyright_passes_on_packages_of_all_styles(tmp_path: Path) -> None:
    """In one run: most of its time is its start.  `make readability` does it for large models."""
    model = SMALL_MODELS["transformer"]()
    for style in STYLES:
        folder = tmp_path / style
        if style == STYLES[0]:
            options = Options(workers=2, force_parallel=True)
            write_package(compile_model(model, options, package=style).program, folder)
        else:
            options = Options(preset="faithful", style=style)
            write_styled(compile_style(model, options, package=style), folder)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}))
    command = ["-m", "pyright", "--project", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "0 errors" in done.stdout
