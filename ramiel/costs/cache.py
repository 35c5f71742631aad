"""The folder of what was measured on this machine, and files that are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any, cast

from ramiel.cores import available_cores
from ramiel.errors import RamielError

FOLDER_VARIABLE = "RAMIEL_CACHE"
"""The environment variable that names another folder."""


def cache_folder() -> Path:
    """$RAMIEL_CACHE, else $XDG_CACHE_HOME/ramiel, else ~/.cache/ramiel."""
    if own := os.environ.get(FOLDER_VARIABLE):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ramiel"


def machine_name() -> str:
    """The processor and the cores that this process may use, for people."""
    return f"{_processor()}, {available_cores()} cores"


def machine_file(kind: str, torch_version: str) -> Path:
    """The file of that kind for this machine and version of torch."""
    identity = f"{machine_name()}\n{torch_version}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return cache_folder() / f"{kind}-{digest}.json"


def read_json(file: Path) -> dict[str, Any] | None:
    """What the file holds, None if it is not there or no JSON object."""
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write the file beside its place and move it there.  Raises RamielError if it cannot be."""
    text = json.dumps(content, indent=1) + "\n"
    unfinished: str | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as output:
            output.write(text)
        Path(unfinished).replace(file)
    except OSError as error:
        if unfinished is not None:
            Path(unfinished).unlink(missing_ok=True)
        raise RamielError(f"cannot write {file}: {error.strerror}") from error


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
