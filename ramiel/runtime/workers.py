"""Persistent threads that run jobs, each with its own number of threads inside an operator."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeAlias, TypeVar

import torch

Job: TypeAlias = Callable[[], None]
JobQueue: TypeAlias = "SimpleQueue[Job | None]"
Result = TypeVar("Result")


class Workers:
    """Threads that end with `stop`, with this object, or with the interpreter."""

    def __init__(self, widths: Sequence[tuple[str, int]]) -> None:
        """One thread per (name, threads inside an operator)."""
        self.queues: list[JobQueue] = [SimpleQueue() for _ in widths]
        # A finalizer may run inside any code, also inside threading: it must not wait.
        self._finalizer = weakref.finalize(self, _stop, self.queues, os.getpid())
        self._finalizer.atexit = False
        self._threads = _start(widths, self.queues)
        self.idents = frozenset(thread.ident for thread in self._threads)
        _workers.add(self)

    def stop(self, wait: float = 0.0) -> None:
        """End the threads when their present jobs are done; wait that many seconds for each."""
        self._finalizer()
        for thread in self._threads:
            if wait and thread is not threading.current_thread():
                thread.join(wait)


def _work(jobs: JobQueue, width: int, ready: SimpleQueue[None]) -> None:
    # PyTorch gives a thread the default number when it first asks: set ours after that.
    torch.get_num_threads()
    torch.set_num_threads(width)
    ready.put(None)
    while (job := jobs.get()) is not None:
        job()
        del job  # an idle worker keeps no tensor, and no model, alive


_starting = threading.Lock()
if hasattr(os, "register_at_fork"):  # a child must not find the lock held
    os.register_at_fork(
        before=_starting.acquire,
        after_in_parent=_starting.release,
        after_in_child=_starting.release,
    )


def _start(widths: Sequence[tuple[str, int]], queues: Sequence[JobQueue]) -> list[threading.Thread]:
    """Start the threads, and leave PyTorch's number of threads everywhere else as it was.

    torch.set_num_threads sets the calling thread's number, and the default of every thread that
    has not asked yet; so the default is read before in a thread that exists for that, and put
    back in another one.
    """
    ready: SimpleQueue[None] = SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(jobs, width, ready), name=name, daemon=True)
        for (name, width), jobs in zip(widths, queues, strict=True)
    ]
    with _starting:
        default = _in_new_thread(torch.get_num_threads)
        try:
            for thread in threads:
                thread.start()
            for _ in threads:
                ready.get()
        finally:
            _in_new_thread(lambda: torch.set_num_threads(default))
    return threads


def _in_new_thread(function: Callable[[], Result]) -> Result:
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join()
    return results[0]


def _stop(queues: Sequence[JobQueue], process: int) -> None:
    if os.getpid() == process:  # a forked child has the object, but not the threads
        for jobs in queues:
            jobs.put(None)


_workers: weakref.WeakSet[Workers] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    """Let no thread be inside an operator when the interpreter goes."""
    for workers in list(_workers):
        workers.stop(wait=2.0)
