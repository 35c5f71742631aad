"""Running measurements in threads like those of the executors: each with its own width."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

from ramiel.runtime.team import openmp
from ramiel.runtime.workers import Workers

Result = TypeVar("Result")
PAUSE_HARD = 2
"""omp_pause_hard of OpenMP 5.0, 3.2.44."""


def side_by_side(functions: Sequence[Callable[[], Result]], width: int = 1) -> list[Result]:
    """Run functions at the same time, each in a fresh thread that is `width` cores wide.

    A thread for each width, since torch.set_num_threads to and fro rebuilds thread teams.  Raises
    what the first function that fails raises, when all have ended.
    """
    dissolve_team()
    outcomes: list[Result | BaseException | None] = [None] * len(functions)
    ended: SimpleQueue[None] = SimpleQueue()

    def job(index: int, function: Callable[[], Result]) -> Callable[[], None]:
        def run() -> None:
            try:
                outcomes[index] = function()
            except BaseException as error:
                outcomes[index] = error
            ended.put(None)

        return run

    workers = Workers([(f"measuring {index}", width) for index in range(len(functions))])
    try:
        for index, (queue, function) in enumerate(zip(workers.queues, functions, strict=True)):
            queue.put(job(index, function))
        for _ in functions:
            ended.get()
    finally:
        workers.stop(wait=5.0)
    results: list[Result] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)  # pyright: ignore[reportArgumentType]
    return results


def dissolve_team() -> None:
    """End the threads that the calling thread's operators shared; the next one starts new ones.

    Where OpenMP has more threads than there are cores, idle ones sleep instead of spinning: what
    another thread measures on several cores would have to wake them for each operator.
    """
    gnu = openmp()
    if gnu is not None and hasattr(gnu.library, "omp_pause_resource_all"):
        gnu.library.omp_pause_resource_all(PAUSE_HARD)


def started_together(functions: Sequence[Callable[[], Result]], width: int = 1) -> list[Result]:
    """As `side_by_side`, and none begins before all threads are there."""
    barrier = threading.Barrier(len(functions))

    def after_all(function: Callable[[], Result]) -> Callable[[], Result]:
        def run() -> Result:
            barrier.wait()
            return function()

        return run

    return side_by_side([after_all(function) for function in functions], width)
