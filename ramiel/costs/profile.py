"""The profile model: medians of the real kernels, timed in their places in the whole model.

The operations run in order, with the expressions that the generated code has, on sampled inputs:
so each finds the caches, and the memory, as it will find them.  What may not or cannot be run
costs what the roofline model says.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from xdsl.ir import Operation

from ramiel.costs.calibration import this_machine
from ramiel.costs.kernels import (
    Inputs,
    Kernel,
    bytes_alive,
    kernels_of,
    refusal_of_inputs,
)
from ramiel.costs.measurements import Measurements
from ramiel.costs.measuring import by_each_width
from ramiel.costs.model import Estimate, Request
from ramiel.costs.replayed import REPLAYED, ReplayedRunner
from ramiel.costs.roofline import roofline_costs
from ramiel.costs.side_by_side import side_by_side, started_together
from ramiel.recordable import is_recordable
from ramiel.remarks import remark
from ramiel.runtime.memory import give_back_memory, keep_freed_memory

ROUNDS = 15
"""Runs of the whole model at most, at one width."""
TIMER_NS = 80
"""What taking the time adds."""

DOUBTFUL = 1.25
"""Where two cores gain less than that, they are measured again: others may have used one."""
AGAIN = 2
"""How often, at most."""

Result = TypeVar("Result")
Times = Mapping[str, int]
"""Kernel key → ns; 0 for what cannot be run."""


def estimate(request: Request) -> Estimate:
    """Measured costs for each width up to the request's; widths between powers of two as below."""
    calibration = this_machine(request.executor)
    machine = calibration.machine_for(request.executor, request.cores)
    measurements = Measurements.load()
    profiler = Profiler(request, measurements)
    widths = sorted({*(1 << i for i in range(request.cores.bit_length())), request.cores})
    widths = [width for width in widths if width <= request.cores]
    keep_freed_memory()  # as a loaded model does
    by_width = profiler.measure(widths)
    # Only threads share an interpreter, whose lock is most of what they wait for.
    shared = request.executor == "threads"
    slowdown = profiler.measure_slowdown(by_width[1]) if shared else None
    if shared and profiler.is_recorded:
        machine = replace(machine, linked_ns=calibration.linked_ns)
    if profiler.measured:
        give_back_memory()
        measurements.save()
    costs: dict[Operation, Sequence[int]] = {}
    refused: Counter[str] = Counter()
    kernels = {kernel.op: kernel for kernel in profiler.kernels}
    for task in request.tasks:
        kernel = kernels[task]
        known = list(takewhile(bool, (by_width[width].get(kernel.key, 0) for width in widths)))
        if known:
            costs[task] = [round(ns) for ns in by_each_width(widths[: len(known)], known)]
            continue
        refused[kernel.refusal or "the time was up, or it failed before"] += 1
        fallback = roofline_costs(task, request.graph.store, calibration, request.cores)
        if fallback is not None:
            costs[task] = fallback
    for reason, count in refused.items():
        remark(f"{count} operations not profiled, roofline instead: {reason}", request.graph)
    if slowdown is not None:
        machine = replace(machine, slowdown=between_one_and(request.cores, slowdown))
    return Estimate(costs, machine)


def between_one_and(cores: int, slowdown: float) -> tuple[float, ...]:
    """The slowdown for 1, 2, … busy cores, in equal steps up to that of all."""
    steps = [1 + (slowdown - 1) * busy / (cores - 1) for busy in range(cores)]
    return tuple(round(step, 3) for step in steps)


class Profiler:
    """Runs one graph within the limits, and keeps what it found among the measurements."""

    def __init__(self, request: Request, measurements: Measurements) -> None:
        limits = request.limits
        self.request, self.measurements = request, measurements
        self.deadline = time.perf_counter() + limits.seconds
        self.is_recorded = request.recorded and is_recordable(request.graph.block)
        self.kernels = kernels_of(request.graph, limits, REPLAYED if self.is_recorded else "")
        self.shared_bytes, self.run_bytes = bytes_alive(request.graph, self.kernels)
        if self.shared_bytes + self.run_bytes > limits.total_bytes:
            self.refuse(f"the model needs more than {limits.total_bytes} bytes")
        too_many = refusal_of_inputs(request.graph, limits)
        if too_many is not None:
            self.refuse(too_many)
        self.measured = False
        self._inputs: Inputs | None = None

    def refuse(self, reason: str) -> None:
        """Run nothing."""
        for kernel in self.kernels:
            kernel.refusal = kernel.refusal or reason

    @property
    def keys(self) -> list[str]:
        """Of the kernels that may be run."""
        return [kernel.key for kernel in self.kernels if kernel.refusal is None]

    def measure(self, widths: Sequence[int]) -> dict[int, Times]:
        """The times at each width; what is known from before is not measured again."""
        found: dict[int, Times] = {}
        for position, width in enumerate(widths):
            known = self.measurements.at_width(width)
            if any(key not in known for key in self.keys):
                # What is left of the time, in equal shares, with one for contention.
                now = time.perf_counter()
                share = (self.deadline - now) / (len(widths) - position + 1)
                new = self._measure_width(width, now + share, found.get(1, {}))
                known.update({key: ns for key, ns in new.items() if key not in known})
            found[width] = {key: known[key] for key in dict.fromkeys(self.keys) if key in known}
        return found

    def _measure_width(self, width: int, deadline: float, narrow: Times) -> Times:
        """The times of all kernels, the least of some tries where they gain little on `narrow`."""
        best: dict[str, int] = {}
        for _ in range(1 + AGAIN):
            rounds = self._run([self._rounds(deadline)], width)[0]
            for key, ns in medians(self.kernels, rounds).items():
                best[key] = min(ns, best.get(key, ns))
            both = [key for key in best if key in narrow]
            gain = sum(narrow[key] for key in both) / max(1, sum(best[key] for key in both))
            if not both or gain >= DOUBTFUL or time.perf_counter() > deadline:
                break
        return self._failures() | best

    def measure_slowdown(self, alone: Times) -> float | None:
        """How many times longer the kernels take while all cores run them; None if unknown."""
        cores = self.request.cores
        if cores == 1 or not alone:
            return None
        name = f"{cores} busy: {self._digest()}"
        if name in self.measurements.slowdown:
            return self.measurements.slowdown[name]
        if not self._fits(cores):
            return None
        factors: list[float] = []
        for _ in range(1 + AGAIN):
            factor = self._slowdown_once(alone)
            if factor is None:
                return None
            factors.append(factor)
            if factor <= DOUBTFUL or time.perf_counter() > self.deadline:
                break
        self.measurements.slowdown[name] = round(max(1.0, min(factors)), 3)
        return self.measurements.slowdown[name]

    def _slowdown_once(self, alone: Times) -> float | None:
        if self.is_recorded:
            return self._replayed_slowdown()
        runs = [self._rounds(self.deadline) for _ in range(self.request.cores)]
        rounds = [one for several in self._run(runs, 1) for one in several]
        together = medians(self.kernels, rounds)
        both = [key for key in self.keys if alone.get(key) and key in together]
        if not both:
            return None
        return sum(together[key] for key in both) / max(1, sum(alone[key] for key in both))

    def _replayed_slowdown(self) -> float | None:
        """Of whole replays, whose kernels need no interpreter."""
        runners = [self._runner() for _ in range(self.request.cores)]
        alone = self._run([runners[0].whole], 1)[0]
        together = self._run([runner.whole for runner in runners], 1)
        if alone is None or None in together:
            return None
        return statistics.median([ns for ns in together if ns is not None]) / alone

    def _failures(self) -> dict[str, int]:
        """0 for kernels that turned out not to run, so that they are not tried each time."""
        return {kernel.key: 0 for kernel in self.kernels if kernel.refusal and kernel.key}

    def _digest(self) -> str:
        return hashlib.sha256("\n".join(self.keys).encode()).hexdigest()[:16]

    def _fits(self, runs: int) -> bool:
        """Whether several runs at the same time are within the limits of memory."""
        limits, more = self.request.limits, self.run_bytes * (runs - 1)
        total = self.shared_bytes + self.run_bytes + more
        return total <= limits.total_bytes and more <= limits.extra_bytes

    def _run(self, functions: Sequence[Callable[[], Result]], width: int) -> list[Result]:
        self.measured = True
        if len(functions) == 1:
            return side_by_side(functions, width)
        return started_together(functions, width)

    def _rounds(self, deadline: float) -> Callable[[], list[list[int | None]]]:
        """Runs of the graph until the deadline; the first warms up, unless it is the only one."""
        runner = self._runner()

        def run() -> list[list[int | None]]:
            first = runner.run(self.deadline)
            rounds: list[list[int | None]] = []
            while len(rounds) < ROUNDS and time.perf_counter() < deadline:
                rounds.append(runner.run(self.deadline))
            return rounds or [first]

        return run

    def _runner(self) -> ReplayedRunner:
        if self._inputs is None:
            self._inputs = Inputs(self.request.graph)
        return ReplayedRunner(self.kernels, self._inputs, self.is_recorded)


def medians(kernels: Sequence[Kernel], rounds: Sequence[Sequence[int | None]]) -> dict[str, int]:
    """For each key the median of all its kernels in all rounds, in ns."""
    samples: dict[str, list[int]] = {}
    for times in rounds:
        for kernel, taken in zip(kernels, times, strict=True):
            if taken is not None:
                samples.setdefault(kernel.key, []).append(taken)
    return {
        key: max(1, round(statistics.median(found)) - TIMER_NS) for key, found in samples.items()
    }
