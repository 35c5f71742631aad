"""Memory of dropped results is kept for the next ones: fresh pages cost more than small kernels."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections.abc import Callable, Generator
from typing import Any

MXFAST, TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = 1, -1, -2, -3
"""Parameters of glibc's mallopt(3)."""
LARGEST_INT = 2**31 - 1
TOP_PAD_BYTES = 1 << 26
NO_BLOCKS, LARGE_BLOCKS = 1 << 30, 1 << 17
"""The size from which on glibc asks the system for a block, and gives it back."""
_is_kept = threading.Event()


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, up to the most that it ever needed at once.

    By default glibc gives large blocks back to the system and faults them in again, zeroed, at
    each call.  Process-wide; False where the allocator is another one, and nothing changes.
    """
    set_parameter = c_function("mallopt")
    if set_parameter is None:
        return False
    settings = (
        (MMAP_THRESHOLD, NO_BLOCKS),
        (TRIM_THRESHOLD, LARGEST_INT),
        (TOP_PAD, TOP_PAD_BYTES),
        (
            MXFAST,
            0,
        ),  # else each larger block, as oneDNN's descriptions are, first merges small ones
    )
    is_done = all([set_parameter(*setting) == 1 for setting in settings])
    if is_done:
        _is_kept.set()
    return is_done


@contextlib.contextmanager
def large_blocks_given_back() -> Generator[None]:
    """For calls that are not made again so: what they free is not kept for the next ones.

    Blocks that fit into memory that is kept already take that, and it stays kept.
    Process-wide; where freed memory is not kept, nothing changes.
    """
    set_parameter = c_function("mallopt")
    if set_parameter is None or not _is_kept.is_set():
        yield
        return
    set_parameter(MMAP_THRESHOLD, LARGE_BLOCKS)
    try:
        yield
    finally:
        set_parameter(MMAP_THRESHOLD, NO_BLOCKS)


def give_back_memory() -> None:
    """Give what is free now back to the system."""
    trim = c_function("malloc_trim")
    if trim is not None:
        trim(0)


@functools.cache
def c_function(name: str) -> Callable[..., Any] | None:
    """A function of the C library, None where it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, TypeError, AttributeError):
        return None
