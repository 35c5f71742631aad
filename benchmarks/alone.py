"""Whether others use the machine while something is timed."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
OTHERS = "RAMIEL_BENCHMARK_OTHERS"
"""The environment variable with the share of a core that others may use during a round that counts,
beside spare cores; 0.1 unless said.  Where the contenders go before others, it can be more."""


class Watch:
    """Tells what processes outside some sessions use, from its creation on; Linux only."""

    def __init__(self, sessions: Collection[int], spare: int = 0) -> None:
        """`spare` cores are not needed by what is timed: others may use those."""
        self._sessions = sessions
        self._most = spare + float(os.environ.get(OTHERS, "0.1"))
        self._started = time.perf_counter()
        self._before = self._seconds()

    def alone(self) -> bool:
        """Whether the others have used next to nothing of the cores that are needed."""
        others = self._seconds() - self._before
        # Times are counted in ticks, on each core and for each process.
        return others < self._most * (time.perf_counter() - self._started) + 3 / TICKS

    def _seconds(self) -> float:
        """Processor seconds of all that runs, less those of the sessions."""
        user, nice, system, *_ = map(int, _fields(Path("/proc/stat"))[1:])
        return (user + nice + system) / TICKS - seconds_of(self._sessions)


def seconds_of(sessions: Collection[int]) -> float:
    """The processor seconds of the processes in some sessions, and of this one."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) in sessions or int(file.parent.name) == os.getpid():
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def _fields(file: Path) -> list[str]:
    with file.open() as lines:
        return lines.readline().split()
