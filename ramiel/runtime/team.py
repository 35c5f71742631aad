"""PyTorch's own team of OpenMP threads, for work that is not one operator.

The threads that share an operator's work wait for the next one by spinning, on cores that other
threads would then lack.  So clusters that run side by side, between operators that use all cores,
run on these very threads: going from one to the other takes a microsecond.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

MAPS = Path("/proc/self/maps")


def run_on_team(size: int, work: Callable[[int], None]) -> None:
    """Call work(0), …, work(size - 1), each in one of `size` threads of the calling thread's team.

    Inside, operators use one thread.  `work` must not raise.  Only where `has_team(size)`.
    """
    gnu = openmp()
    assert gnu is not None

    def member(_: object) -> None:
        # PyTorch gives a thread the default number when it first asks: set ours after that.
        torch.get_num_threads()
        gnu.quick.omp_set_num_threads(1)  # of this member, for as long as the team works
        work(gnu.quick.omp_get_thread_num())

    gnu.library.GOMP_parallel(FUNCTION(member), None, size, 0)


@functools.cache
def has_team(size: int) -> bool:
    """Whether PyTorch uses GNU's OpenMP here, with that many threads at once.

    Two are always allowed, more only where there are cores for them.
    """
    if openmp() is None or size > max(2, len(os.sched_getaffinity(0))):
        return False
    members: list[int] = []
    # In a thread of its own, with which the team that is made for this ends.
    probe = threading.Thread(target=run_on_team, args=(size, members.append), daemon=True)
    probe.start()
    probe.join()
    return sorted(members) == list(range(size))


FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class OpenMP:
    def __init__(self, file: str) -> None:
        self.library: Any = ctypes.CDLL(file)
        self.quick: Any = ctypes.PyDLL(file)
        """For what takes less time than letting go of the interpreter lock."""
        self.library.GOMP_parallel.restype = None
        self.library.GOMP_parallel.argtypes = [
            FUNCTION,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_uint,
        ]


@functools.cache
def openmp() -> OpenMP | None:
    """GNU's OpenMP library as PyTorch has loaded it."""
    if not torch.backends.openmp.is_available() or not MAPS.exists():
        return None
    files = {line.split(maxsplit=5)[-1] for line in MAPS.read_text().splitlines() if "gomp" in line}
    own = {file for file in files if Path(torch.__file__).parent in Path(file).parents} or files
    if len(own) != 1:  # none, or several: which one PyTorch uses is not known
        return None
    try:
        return OpenMP(own.pop())
    except (OSError, AttributeError):
        return None
