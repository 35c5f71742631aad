"""From an exception inside a cluster to the line of model.py, and the ONNX node behind it."""

from __future__ import annotations

import ast
import json
import traceback
from pathlib import Path
from typing import Any

from .errors import ClusterError
from .program import Cluster

MAP_FILE = "model.map.json"  # {"lines": {"57": {"node": "/conv1/Conv", "operation": "torch.relu"}}}


def cluster_error(cluster: Cluster, error: BaseException) -> ClusterError:
    """What the caller sees of an exception inside a cluster."""
    source = cluster.source
    frames = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == source
    ]
    frame, line = frames[-1] if frames else (None, None)
    origin = _origin(Path(source), line) if line is not None else {}
    node = origin.get("node", "")
    if frame is not None and "nodes" in origin:  # a function that is called with several modules
        node = origin["nodes"].get(frame.f_locals.get("module"), node)
    operation = origin.get("operation", "")
    found = ClusterError(cluster.name, _reason(error), line, node, operation)
    found.__cause__ = error
    return found


def _reason(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an exception that cannot be printed must not end a worker
        return type(error).__name__


def _origin(source: Path, line: int) -> dict[str, Any]:
    """The map's entry for the statement at a line; none if there is no map, or no entry."""
    try:
        text = (source.parent / MAP_FILE).read_text(encoding="utf-8")
        lines: dict[str, dict[str, Any]] = json.loads(text)["lines"]
        statement = _statement(ast.parse(source.read_text(encoding="utf-8")), line)
        return next(dict(lines[str(at)]) for at in statement if str(at) in lines)
    except Exception:  # whatever is wrong with these files, the error itself is worth more
        return {}


def _statement(tree: ast.Module, line: int) -> range:
    """The lines of the innermost statement at a line: a statement can take several."""
    around = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
    ]
    return min((lines for lines in around if line in lines), key=len, default=range(line, line))
