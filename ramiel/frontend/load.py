"""Reading a model file, with one clear message for whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto

from ramiel.errors import RamielError


def load_model(path: Path) -> ModelProto:
    """The model in a file, external data left where they are.

    Raises RamielError if there is no such file or it holds no ONNX model.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RamielError(f"cannot read {path}: {error.strerror}") from error
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise RamielError(f"{path} is no ONNX model, or is cut off: {error}") from error
    check_model(model, str(path))
    return model


def check_model(model: ModelProto, name: str) -> None:
    """Raises RamielError if the model lacks what every model has."""
    if not model.HasField("graph") or not model.ir_version:
        raise RamielError(f"{name} is no ONNX model: it has no graph")
    if not model.graph.output:
        raise RamielError(f"{name} has no outputs")
    if not model.opset_import:
        raise RamielError(f"{name} imports no operator set")
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version > onnx.defs.onnx_opset_version():
            raise RamielError(
                f"{name} needs opset {entry.version}; the installed onnx knows up to "
                f"{onnx.defs.onnx_opset_version()}"
            )
