"""From .onnx to the dataflow dialect."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from ramiel.frontend.lift import lift_model
from ramiel.frontend.load import check_model, load_model

__all__ = ["check_model", "lift_file", "lift_model", "load_model"]


def lift_file(path: Path) -> ModuleOp:
    """Lift the model in a file.  Raises RamielError if it cannot be read."""
    model = load_model(path)
    return lift_model(model, path.stem, directory=path.parent, path=path.name)
