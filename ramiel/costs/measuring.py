"""`ramiel calibrate`: what a machine can do and what its messages cost, measured in seconds."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
import torch.nn.functional as F

from ramiel.cores import available_cores
from ramiel.costs.cache import machine_name
from ramiel.costs.calibration import Calibration
from ramiel.costs.messages import measure_executors
from ramiel.costs.side_by_side import side_by_side, started_together
from ramiel.runtime.model import EXECUTORS
from ramiel.runtime.native_calls import NativeCalls
from ramiel.runtime.semaphores import Semaphores, functions

Step = Callable[[str], None]

MATRIX = 1024
HOPS, MEASURED = 200, 50
"""Messages there and back in a row, and how often."""
STREAM_FLOATS = 1 << 23
"""32 MiB: larger than the caches that one core has for itself."""


def calibrate(step: Step = lambda what: None, executors: Iterable[str] = EXECUTORS) -> Calibration:
    """Measure this machine, which should be idle, and the messages of executors."""
    cores = available_cores()
    widths = [width for width in range(1, cores + 1) if width & (width - 1) == 0 or width == cores]
    step("arithmetic")
    peak = [side_by_side([measure_peak], width)[0] for width in widths]
    step("memory")
    bandwidth = [side_by_side([measure_bandwidth], width)[0] for width in widths]
    step("dispatch")
    dispatch = side_by_side([measure_dispatch])[0]
    step("contention")
    slowdown = [measure_slowdown(busy) for busy in widths]
    step("messages")
    return Calibration(
        machine=machine_name(),
        torch=torch.__version__,
        flops_per_ns=by_each_width(widths, peak),
        bytes_per_ns=by_each_width(widths, bandwidth),
        dispatch_ns=dispatch,
        slowdown=by_each_width(widths, slowdown),
        executors=measure_executors(step, executors),
        linked_ns=measure_linked_message(),
    )


def by_each_width(widths: Sequence[int], figures: Sequence[float]) -> list[float]:
    """A figure for each width from one core on: that of the next lower width that was measured."""
    found = dict(zip(widths, figures, strict=True))
    listed: list[float] = []
    for width in range(1, max(widths) + 1):
        listed.append(round(found[width], 3) if width in found else listed[-1])
    return listed


def least_ns(function: Callable[[], object], seconds: float, calls: int = 1) -> float:
    """The least ns of a call, from batches of `calls`, after a warm-up: what the machine can do."""
    function()
    samples: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(samples) < 5 or time.perf_counter() < deadline:
        started = time.perf_counter_ns()
        for _ in range(calls):
            function()
        samples.append((time.perf_counter_ns() - started) / calls)
    return min(samples)


def measure_peak() -> float:
    """float32 operations a ns: a product of matrices."""
    left, right = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    result = torch.empty(MATRIX, MATRIX)
    with torch.inference_mode():
        return 2 * MATRIX**3 / least_ns(lambda: torch.mm(left, right, out=result), 0.5)


def measure_bandwidth() -> float:
    """Bytes a ns that are read and written by copying."""
    source, target = torch.rand(STREAM_FLOATS), torch.rand(STREAM_FLOATS)
    with torch.inference_mode():
        return 2 * 4 * STREAM_FLOATS / least_ns(lambda: target.copy_(source), 0.4)


def measure_dispatch() -> int:
    """The ns of an operator with nothing to do."""
    tiny = torch.rand(4)
    with torch.inference_mode():
        return round(least_ns(lambda: torch.relu(tiny), 0.1, calls=200))


def measure_slowdown(busy: int) -> float:
    """How many times longer operators take while that many cores are busy.

    The geometric mean of one that computes (a convolution) and one that moves (an addition), as
    the layers of networks do both.
    """
    if busy == 1:
        return 1.0
    factors: list[float] = []
    for kernel in (_convolution, _addition):
        alone = statistics.median(side_by_side([kernel])[0])
        together = started_together([kernel] * busy)
        factors.append(statistics.median([t for times in together for t in times]) / alone)
    return max(1.0, math.prod(factors) ** (1 / len(factors)))


def measure_linked_message() -> int | None:
    """The ns from a post in one table of native calls to the end of a wait in another.

    None where there are none.
    """
    if functions() is None:
        return None
    semaphores = Semaphores(2)
    there, back = semaphores.post(0), semaphores.post(1)
    tables = [
        NativeCalls([there, semaphores.wait(1)] * HOPS),
        NativeCalls([semaphores.wait(0), back] * HOPS),
    ]

    def run(table: NativeCalls) -> list[float]:
        times: list[float] = []
        for _ in range(MEASURED):
            started = time.perf_counter_ns()
            table.run(0, 2 * HOPS)
            times.append((time.perf_counter_ns() - started) / (2 * HOPS))
        return times

    times = started_together([partial(run, table) for table in tables])[0]
    return max(1, round(statistics.median(times)))


def _convolution() -> list[float]:
    image, weight = torch.rand(1, 64, 56, 56), torch.rand(64, 64, 3, 3)
    return _times(lambda: F.conv2d(image, weight, padding=1))


def _addition() -> list[float]:
    left, right = torch.rand(1, 256, 56, 56), torch.rand(1, 256, 56, 56)
    return _times(lambda: left + right)


def _times(function: Callable[[], object], seconds: float = 0.4) -> list[float]:
    """ns of each call for some time; the first calls warm up and are not counted."""
    times: list[float] = []
    with torch.inference_mode():
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline or len(times) < 10:
            started = time.perf_counter_ns()
            function()
            times.append(time.perf_counter_ns() - started)
    return times[3:]
