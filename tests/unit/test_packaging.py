"""The wheel holds every package of the source tree."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_listed() -> None:
    """setuptools follows no symbolic link, so the packages are listed by hand."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(settings["tool"]["setuptools"]["packages"])
    folders = [*(ROOT / "ramiel").rglob("__init__.py"), *(ROOT / "dialects").rglob("__init__.py")]
    names = {".".join(file.parent.relative_to(ROOT).parts) for file in folders}
    found = {f"ramiel.{name}" if name.startswith("dialects") else name for name in names}
    assert listed == found
