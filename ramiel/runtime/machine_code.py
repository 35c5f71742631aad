"""Functions in machine code, for what must run without the interpreter."""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
from typing import Any


@functools.cache
def machine_code(listing: str) -> int | None:
    """The address of a function for x86-64 Linux, from the bytes that begin each line.

    None on another processor or system, or where that forbids it.
    """
    code = bytes.fromhex("".join(line[:20] for line in listing.splitlines()))
    try:
        made = MachineCode(code)
    except OSError:
        return None
    _kept.append(made)
    return made.address


class MachineCode:
    """Code for x86-64 Linux from `address` on, as long as this object is there.

    Raises OSError on another processor or system, or where that forbids it.
    """

    def __init__(self, code: bytes) -> None:
        if platform.machine() != "x86_64" or platform.system() != "Linux":
            raise OSError("machine code is for x86-64 Linux")
        self._memory = mmap.mmap(-1, len(code))
        self._memory.write(code)
        self._start = ctypes.c_char.from_buffer(self._memory)
        self.address = ctypes.addressof(self._start)
        _make_executable(self.address, len(code))


_kept: list[MachineCode] = []


def _make_executable(address: int, size: int) -> None:
    """Let pages be run, and written no more.  Raises OSError where the system forbids that."""
    system: Any = ctypes.CDLL(None, use_errno=True)
    pages = ctypes.c_void_p(address), ctypes.c_size_t(size)
    if system.mprotect(*pages, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "mprotect failed")
