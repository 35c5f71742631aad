"""Memory that processes share: files without a name, so that nothing can be left behind.

Each process has one file that it alone writes to, and every other one maps.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Hashable
from typing import Any

from .packing import ALIGNMENT, Memory, Parcel, unpack


def new_file() -> int:
    """The descriptor of an empty file in memory (where the system has none: a deleted file)."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ramiel")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Outbox:
    """The writer's side of a file: a slot for each kind of parcel, which grows when it must."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._memory: Memory | None = None
        self._end = 0
        self._slots: dict[Hashable, tuple[int, int]] = {}

    def put(self, slot: Hashable, *values: Any) -> tuple[int, int]:
        """Write values over those that are in their slot: the offset and size of the parcel."""
        parcel = Parcel(*values)
        at, capacity = self._slots.get(slot, (0, 0))
        if parcel.size > capacity:
            # The old place is never used again: a reader may still look at it.
            at, capacity = self._end, max(_padded(parcel.size), 2 * capacity)
            _grow(self._file, at, capacity)
            self._slots[slot] = at, capacity
            self._end = at + capacity
            self._memory = _mapped(self._file, self._end)
        assert self._memory is not None
        parcel.write(self._memory, at)
        return at, parcel.size


class Inbox:
    """A reader's side of a file."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._memory: Memory | None = None

    def get(self, at: int, size: int, *, copy: bool = False) -> list[Any]:
        """The values of a parcel; its tensors are views of the file, or copies."""
        if self._memory is None or at + size > len(self._memory):
            self._memory = _mapped(self._file, os.fstat(self._file).st_size)
        return unpack(self._memory, at, copy=copy)


def _mapped(file: int, size: int) -> Memory:
    return Memory(mmap.mmap(file, size))


def _grow(file: int, at: int, size: int) -> None:
    """Reserve memory now: an error here is an exception, later it would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, at, size)
    else:
        os.ftruncate(file, at + size)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
