"""`ramiel explain`: which ONNX node a line of model.py is from, and which lines a node became."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ramiel.backend.package import MARK
from ramiel.errors import RamielError

HELP = "say which ONNX node a line of a package is from, or where a node went"
EXAMPLE = "ramiel explain googlenet 87\n  ramiel explain googlenet /inception3a/branch1/conv/Conv"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    command.add_argument("directory", type=Path, metavar="DIR", help="a package")
    command.add_argument("place", metavar="LINE|NODE", help="a line of model.py, or a node's name")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known.  Raises RamielError for a place that the map does not have."""
    lines, nodes, text = _read(arguments.directory)
    place: str = arguments.place
    if not place.isdigit():
        numbers = nodes.get(place)
        if not numbers:
            raise RamielError(_unknown(place, nodes))
        print("\n".join(f"model.py line {line}: {text[line - 1].strip()}" for line in numbers))
        return 0
    if not 1 <= int(place) <= len(text):
        raise RamielError(f"model.py has {len(text)} lines, no line {place}")
    print(text[int(place) - 1])
    entry = lines.get(place)
    if entry is None:
        raise RamielError(f"line {place} is from no node: it is not an operation of the model")
    if entry.get("module"):
        print(f"module {entry['module']}, by function {entry['operation']}")
    elif "nodes" in entry:
        print(f"operation {entry['operation']}, which is in each of {len(entry['nodes'])} modules:")
        print("\n".join(f"  {module}: node {node}" for module, node in entry["nodes"].items()))
    else:
        print(f"node {entry['node'] or '(without a name)'}, operation {entry['operation']}")
    for node in entry.get("also", ()):
        print(f"with node {node}")
    return 0


def _unknown(node: str, nodes: dict[str, list[int]]) -> str:
    near = [name for name in nodes if node in name][:5]
    return f"no line is from node {node!r}" + (f"; there are: {', '.join(near)}" if near else "")


def _read(directory: Path) -> tuple[dict[str, Any], dict[str, list[int]], list[str]]:
    try:
        found = json.loads((directory / MARK).read_text(encoding="utf-8"))
        text = (directory / "model.py").read_text(encoding="utf-8")
        return found["lines"], found["nodes"], text.splitlines()
    except OSError as error:
        raise RamielError(f"{directory} is no package of Ramiel's: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RamielError(f"{directory / MARK} is no source map: {error}") from error
