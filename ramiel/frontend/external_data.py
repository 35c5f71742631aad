"""Tensors in files beside the model: read only from regular files inside the model's folder.

A path may not be absolute nor contain `..`; a symbolic link is followed as long as it ends inside
the folder, as those of download caches do.  A hard link is a file like any other: whoever made it
had the right to read it.  Offset and length are natural numbers that end within the file.
"""

from __future__ import annotations

import os
import stat
from math import prod
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper

from ramiel import element_types
from ramiel.errors import RamielError
from ramiel.tensors import Array

KEYS = frozenset({"location", "offset", "length", "checksum", "basepath"})
"""What ONNX defines; "checksum" and "basepath" are not used."""


def external_array(tensor: TensorProto, directory: Path) -> Array:
    """The values of a tensor whose data are in another file.

    Raises RamielError if the entries or the file are not as they must be.
    """
    entries = read_entries(tensor)
    element = element_types.of_onnx(tensor.data_type)
    size = (prod(tensor.dims) * element.bits + 7) // 8
    length = natural(entries, "length", size)
    if length != size:
        raise RamielError(f"is malformed: {length} bytes for {size}")
    data = read_range(directory, entries["location"], natural(entries, "offset", 0), length)
    if element.bits % 8 == 0:
        # Not by way of a TensorProto, which would be a second copy of what may be gigabytes.
        return np.frombuffer(data, element.numpy).reshape(tuple(tensor.dims))
    inline = TensorProto(dims=tensor.dims, data_type=tensor.data_type, raw_data=bytes(data))
    return np.asarray(numpy_helper.to_array(inline))


def read_entries(tensor: TensorProto) -> dict[str, str]:
    """The keys and values of where a tensor's data are."""
    entries: dict[str, str] = {}
    for entry in tensor.external_data:
        if entry.key not in KEYS:
            raise RamielError(f"has external data with an unknown key {entry.key!r:.80}")
        if entry.key in entries:
            raise RamielError(f"has external data with two entries {entry.key!r}")
        entries[entry.key] = entry.value
    if not entries.get("location"):
        raise RamielError("has external data without a location")
    return entries


def natural(entries: dict[str, str], key: str, default: int) -> int:
    """A natural number of the entries."""
    text = entries.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise RamielError(f"has external data with {key} {text!r:.80}")
    return int(text)


def read_range(directory: Path, location: str, offset: int, length: int) -> bytearray:
    """Some bytes of a file in a folder."""
    path = Path(location)
    if path.is_absolute() or ".." in path.parts or "\0" in location:
        raise RamielError("reads outside the model's folder")
    try:
        file = (directory / path).resolve(strict=True)
        if not file.is_relative_to(directory.resolve()):
            raise RamielError("reads outside the model's folder")
        # A FIFO without a writer would block a plain open for ever.
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise RamielError(f"is in {location!r:.80}, which is no regular file")
            if offset + length > status.st_size:
                raise RamielError(
                    f"is malformed: its data end at byte {offset + length} of {location!r:.80}, "
                    f"which has {status.st_size}"
                )
            stream.seek(offset)
            data = bytearray(length)
            if stream.readinto(data) != length:
                raise RamielError(f"is in {location!r:.80}, which became shorter")
            return data
    except FileNotFoundError:
        raise RamielError(f"is in {location!r:.80}: no such file") from None
    except (OSError, RuntimeError) as error:
        raise RamielError(f"is in {location!r:.80}, which cannot be read: {error}") from error
