"""Reading a model file, with one clear message for whatever is wrong with it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto

from ramiel.errors import RamielError
from ramiel.frontend.texts import check_texts

LONGEST = 2**31 - 1
"""Bytes of a protobuf, at most."""


def load_model(path: Path) -> ModelProto:
    """The model in a file, external data left where they are.

    Raises RamielError if there is no such file or it holds no ONNX model.
    """
    return parse_model(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises RamielError for what cannot be read, has no end or is longer than a protobuf may be.
    """
    try:
        # A FIFO without a writer would block a plain open for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(status.st_mode):
                raise RamielError(f"cannot read {path}: it is no regular file")
            if status.st_size > LONGEST:
                raise RamielError(
                    f"{path} has {status.st_size} bytes; no protobuf has over {LONGEST}"
                )
            if file.read(1) == b"\0":
                # No field of a protobuf begins so: do not read what may be gigabytes of zeros.
                raise RamielError(f"{path} is no ONNX model: it begins with a zero byte")
            file.seek(0)
            return file.read(LONGEST)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RamielError(f"cannot read {path}: {reason}") from error


def parse_model(data: bytes, name: str) -> ModelProto:
    """The model in these bytes.  Raises RamielError if they are no ONNX model."""
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise RamielError(f"{name} is no ONNX model, or is cut off: {error}") from error
    check_model(model, name)
    return model


def check_model(model: ModelProto, name: str) -> None:
    """Raises RamielError if the model lacks what every model has, or has names that are none."""
    if not model.HasField("graph") or not model.ir_version:
        raise RamielError(f"{name} is no ONNX model: it has no graph")
    if model.ir_version > onnx.IR_VERSION:
        raise RamielError(
            f"{name} has IR version {model.ir_version}; the installed onnx knows up to "
            f"{onnx.IR_VERSION}"
        )
    if not model.graph.output:
        raise RamielError(f"{name} has no outputs")
    if not model.opset_import:
        raise RamielError(f"{name} imports no operator set")
    for entry in model.opset_import:
        if not 0 < entry.version < 2**31:
            raise RamielError(f"{name}: {entry.domain or 'ai.onnx'} has no opset {entry.version}")
        if entry.domain in ("", "ai.onnx") and entry.version > onnx.defs.onnx_opset_version():
            raise RamielError(
                f"{name} needs opset {entry.version}; the installed onnx knows up to "
                f"{onnx.defs.onnx_opset_version()}"
            )
    check_texts(model)
