"""Timing contenders fairly: each in a process of its own, rounds alternating, medians.

Thread pools that spin between calls disturb each other, so that two contenders in one process
measure each other.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ramiel.errors import RamielError


@dataclass(frozen=True)
class Contender:
    """One way to run a compiled package."""

    name: str
    executor: str
    threads: int
    """PyTorch's own threads in the calling thread."""


@dataclass(frozen=True)
class Timing:
    """What one contender took, in seconds."""

    name: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The median call."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The 10th and the 90th percentile."""
        if len(self.seconds) < 2:
            return self.seconds[0], self.seconds[0]
        cuts = statistics.quantiles(self.seconds, n=10, method="inclusive")
        return cuts[0], cuts[-1]


def contenders(cores: int, executor: str = "threads") -> list[Contender]:
    """The baselines that are always shown, and the parallel program on an executor."""
    return [
        Contender("serial, 1 core", "serial", 1),
        Contender(f"serial, {cores} cores", "serial", cores),
        Contender("parallel", executor, 1),
    ]


class Process:
    """A contender in a process of its own, which runs a round when told to."""

    def __init__(self, contender: Contender, package: Path, inputs: Path) -> None:
        self.contender = contender
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ramiel.tools.benchmark_worker"),
                *(str(package), str(inputs), contender.executor, str(contender.threads)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self) -> list[float]:
        """The next answer.  Raises RamielError if the process died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RamielError(f"the benchmark of {self.contender.name!r} failed")
        return json.loads(line)

    def round(self, calls: int) -> list[float]:
        """Seconds of each of some calls."""
        assert self.process.stdin is not None
        print(calls, file=self.process.stdin, flush=True)
        return self.read()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def measure(
    package: Path,
    inputs: Path,
    cores: int,
    rounds: int = 5,
    seconds: float = 1.0,
    executor: str = "threads",
) -> list[Timing]:
    """Time the contenders on a package: rounds of about `seconds` each, alternating."""
    processes: list[Process] = []
    taken: Mapping[str, list[float]] = {item.name: [] for item in contenders(cores, executor)}
    try:
        for contender in contenders(cores, executor):
            processes.append(Process(contender, package, inputs))
        calls = {p.contender.name: _calls_for(p, seconds) for p in processes}
        for _ in range(rounds):
            for process in processes:
                name = process.contender.name
                taken[name].extend(process.round(calls[name]))
    finally:
        for process in processes:
            process.close()
    return [Timing(name, times) for name, times in taken.items()]


def _calls_for(process: Process, seconds: float) -> int:
    """How many calls fill a round: judged by a warm-up, which is not counted."""
    return max(3, min(200, int(seconds / min(process.round(3)))))
