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
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return None
    code = bytes.fromhex("".join(line[:20] for line in listing.splitlines()))
    try:
        memory = mmap.mmap(-1, len(code))  # a page, which is never given back
        memory.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        _make_executable(address)
    except (OSError, AttributeError, ValueError):
        return None
    _kept.append(memory)
    return address


_kept: list[mmap.mmap] = []


def _make_executable(address: int) -> None:
    """Let a page be run, and written no more.  Raises OSError where the system forbids that."""
    system: Any = ctypes.CDLL(None, use_errno=True)
    page = ctypes.c_void_p(address)
    if system.mprotect(page, ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "mprotect failed")
