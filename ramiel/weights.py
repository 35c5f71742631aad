"""Weights by reference: the IR names a file and a tensor in it, and nothing is read until asked.

A store is a read-only base (a .safetensors or .onnx file, or an ONNX model in memory) and an
overlay of tensors that passes made.  The overlay lives in memory until somebody saves it; what is
only another order of a tensor is made when it is read.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ramiel import element_types
from ramiel.errors import RamielError

CARRIED = "ramiel.carried"
"""The key of a .safetensors file's metadata that names the types of what torch only carries."""

KEPT_BYTES = 1 << 20
"""A tensor that is larger is read again each time: the weights of a model may fill the memory."""

Array: TypeAlias = npt.NDArray[Any]
Reader: TypeAlias = Callable[[], Array]


class WeightStore:
    """Named tensors of one graph, read lazily."""

    def __init__(self, path: str = "", directory: Path | None = None) -> None:
        """A store whose base is the file `path` in `directory`; no file: an empty base."""
        self.path = path
        self.directory = directory or Path()
        self._base: Mapping[str, Reader] | None = None if path else {}
        self._kept: dict[str, Array] = {}
        self.overlay: dict[str, Reader] = {}

    @classmethod
    def of_readers(cls, path: str, readers: Mapping[str, Reader]) -> WeightStore:
        """A store over tensors that somebody already has; `path` is what the IR shows."""
        store = cls(path)
        store._base = readers
        return store

    @property
    def base(self) -> Mapping[str, Reader]:
        """A reader for each tensor of the file.  Raises RamielError if it cannot be read."""
        if self._base is None:
            file = self.directory / self.path
            if not file.resolve().is_relative_to(self.directory.resolve()):
                raise RamielError(f"weights {self.path!r} are outside the folder of the .mlir file")
            self._base = _readers(file)
        return self._base

    def __contains__(self, name: str) -> bool:
        return name in self.overlay or name in self.base

    def __getitem__(self, name: str) -> Array:
        """The tensor's values.  Raises RamielError if there is none of that name."""
        if name in self.overlay:
            return self.overlay[name]()
        if name in self._kept:
            return self._kept[name]
        if name not in self.base:
            raise RamielError(f"no weight {name!r} in {self.path or 'this graph'}")
        value = self.base[name]()
        if value.nbytes <= KEPT_BYTES:
            self._kept[name] = value
        return value

    def reader(self, name: str) -> Reader:
        """What reads the tensor, also when the overlay has it no more."""
        return self.overlay.get(name) or partial(self.__getitem__, name)

    def add(self, hint: str, value: Array) -> str:
        """Put a tensor into the overlay under a fresh name made from `hint`; returns the name."""
        return self.add_reader(hint, lambda: value)

    def add_reader(self, hint: str, reader: Reader) -> str:
        """Put a tensor that is made when it is read into the overlay, as `add` does."""
        name, count = hint, 1
        while name in self:
            name, count = f"{hint}_{count}", count + 1
        self.overlay[name] = reader
        return name

    def save(self, file: Path, names: Iterable[str]) -> None:
        """Write the named tensors to a .safetensors file.  Raises RamielError if that fails.

        What torch only carries is written as it travels; the file's metadata say what it is.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

        from ramiel.tensors import carrier

        arrays: dict[str, Array] = {}
        carried: dict[str, str] = {}
        for name in names:
            array, written = self[name], written_name(name)
            arrays[written] = contiguous(carrier(array))
            if arrays[written].dtype != array.dtype:
                carried[written] = array.dtype.name
        metadata = {CARRIED: json.dumps(carried)} if carried else None
        try:
            save_file(arrays, file, metadata=metadata)
        except SafetensorError as error:
            raise RamielError(f"cannot write {file}: {error}") from error
        # safetensors lets only its owner read the file; a package is to be shared.
        mask = os.umask(0)
        os.umask(mask)
        file.chmod(0o666 & ~mask)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WeightStore) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)


def written_name(name: str) -> str:
    """A weight's name in a .safetensors file: "__metadata__" is not for tensors there."""
    return f"%{name}" if re.fullmatch("%*__metadata__", name) else name


def own_name(name: str) -> str:
    """The inverse of `written_name`; ramiel/runtime/weights.py has the same."""
    return name[1:] if re.fullmatch("%+__metadata__", name) else name


def contiguous(array: Array) -> Array:
    """The array in one piece; numpy's own function would give a scalar a dimension."""
    return np.ascontiguousarray(array).reshape(array.shape)


def _readers(file: Path) -> Mapping[str, Reader]:
    if not file.is_file():
        raise RamielError(f"no weights file {file}")
    if file.suffix == ".onnx":
        from ramiel.frontend.initializers import initializer_readers
        from ramiel.frontend.load import load_model

        return initializer_readers(load_model(file), file.parent)
    from safetensors import SafetensorError, safe_open

    try:
        handle: Any = safe_open(file, framework="numpy")
        metadata: dict[str, str] = handle.metadata() or {}
        carried: dict[str, str] = dict(json.loads(metadata.get(CARRIED, "{}")))
    except (SafetensorError, ValueError, TypeError) as error:
        raise RamielError(f"{file}: {error}") from error
    names: list[str] = list(handle.keys())
    return {own_name(name): partial(_read, handle, file, name, carried.get(name)) for name in names}


def _read(handle: Any, file: Path, name: str, carried: str | None) -> Array:
    """One tensor of a .safetensors file, in the element type that torch carries, if it is one."""
    if handle.get_slice(name).get_dtype().startswith("F8"):
        # safetensors has no NumPy dtypes for float8.
        from safetensors import safe_open

        from ramiel.tensors import from_torch

        tensors: Any = safe_open(file, framework="pt")
        array = from_torch(tensors.get_tensor(name))
    else:
        array = handle.get_tensor(name)
    return array if carried is None else array.astype(element_types.named(carried).numpy)
