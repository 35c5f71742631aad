"""Limits of processor time and memory, and a child for what may not keep within them."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def within(seconds: float, memory: int) -> Generator[None]:
    """What is done takes no more processor time, and no more bytes than the process has had."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used * 1024 < memory


def succeeds_in_child(run: Callable[..., None], *arguments: object, timeout: float | None) -> None:
    """A forked child runs the function to its end; after `timeout` seconds it is killed."""
    child = multiprocessing.get_context("fork").Process(target=run, args=arguments)
    child.start()
    child.join(timeout)
    if child.is_alive():
        child.kill()
    assert child.exitcode == 0
