"""A core for each: clusters that run at the same time must not share one while another is idle.

Linux wakes a thread up where it slept last.  Two that often wait for each other, and so never wait
long for a core, can stay on one core for good, each working while the other sleeps.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable, MutableSequence
from typing import Any

NOWHERE = -1


class Place:
    """Where one of several threads runs; `places` has an entry for each, NOWHERE at first.

    The threads may be in several processes, if `places` lies in memory that those share.
    """

    def __init__(self, places: MutableSequence[int], index: int) -> None:
        self._places = places
        self._index = index

    def find(self) -> None:
        """Move the calling thread away from the core of an earlier entry, if one is free.

        It is not kept there: the threads of other programs may push it on.
        """
        current = _current_core()
        if current is None:
            return
        here = current()
        if here in self._places[: self._index]:
            allowed = os.sched_getaffinity(0)
            others = {*self._places[: self._index], *self._places[self._index + 1 :]}
            for core in sorted(allowed - others)[:1]:
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(0, {core})
                    os.sched_setaffinity(0, allowed)
                    here = core
        self._places[self._index] = here


@functools.cache
def _current_core() -> Callable[[], int] | None:
    """The C library's function that tells the core of the calling thread, where there is one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    try:
        function: Any = ctypes.PyDLL(None).sched_getcpu  # too quick to let go of the lock for
    except (OSError, TypeError, AttributeError):
        return None
    return function
