"""Garbage is collected less often while a model is compiled.

The IR is many small objects that all live until the end: Python's collector, which looks at the
youngest after every 700 new ones, takes a third of the time to find next to nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

OBJECTS = 50_000
"""New objects between two collections of the youngest."""

_lock = threading.Lock()
_inside = 0
_before = gc.get_threshold()


@contextmanager
def seldom_collected() -> Generator[None]:
    """For the time of a with statement, or of calls of a function that it decorates.

    Process-wide; the last of several threads puts the threshold back.  Nothing changes where the
    collector is off or collects less often already.
    """
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = gc.get_threshold()
            if 0 < _before[0] < OBJECTS:
                gc.set_threshold(OBJECTS, *_before[1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                gc.set_threshold(*_before)
