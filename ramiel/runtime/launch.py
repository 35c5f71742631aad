"""Starting worker processes, as fresh interpreters ("spawn") or as copies of this one ("fork").

Either way the main thread of a worker waits for the end of its lifeline, a pipe that only the
process that started it holds: however that process ends, its workers end too.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from .errors import ModelError
from .program import Program

START_METHODS = ("spawn", "fork")
SCRIPT = Path(__file__).with_name("spawned.py")


class WorkerProcess(Protocol):
    """What is needed of a process: a subprocess.Popen, or a forked one."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, below 0 for a signal; None while it runs."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self) -> int:
        """Wait for its end: the exit code."""
        ...


def spawn(
    function: Callable[..., None], arguments: tuple[Any, ...], files: Iterable[int], program: str
) -> tuple[WorkerProcess, int]:
    """Run a function in a fresh interpreter, which gets these files: the process, its lifeline.

    The interpreter never imports the caller's main module, so no `if __name__ == "__main__"` is
    needed.  Raises ModelError if the arguments are not importable there.
    """
    try:
        task = pickle.dumps((function, arguments))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ModelError(
            f"{program}: its clusters cannot be imported by a new process ({error}): "
            'use start_method="fork" or another executor'
        ) from error
    modules = [function.__module__, *_modules_of(arguments[0])]
    origins = [_origin(name, program) for name in modules]
    prologue = pickle.dumps((list(sys.path), origins, __name__, task))
    process = subprocess.Popen(
        [sys.executable, "-P", str(SCRIPT)],
        stdin=subprocess.PIPE,
        pass_fds=tuple(files),
        process_group=0,  # Ctrl-C in a terminal is the caller's affair
    )
    assert process.stdin is not None
    lifeline = os.dup(process.stdin.fileno())
    try:
        process.stdin.write(len(prologue).to_bytes(8, "little") + prologue)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already: whoever waits for it will see
    return process, lifeline


def fork(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    files: Iterable[int],
    others: Iterable[int],
) -> tuple[WorkerProcess, int]:
    """Run a function in a copy of this process: the process, its lifeline.

    The copy closes `others`, the ends of pipes that must not stay open in it.
    """
    end, lifeline = os.pipe()
    pid = os.fork()
    if pid:
        os.close(end)
        return _Forked(pid), lifeline
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for file in {lifeline, *others} - set(files):
            os.close(file)
        run_until_closed(end, lambda: function(*arguments))
    finally:
        os._exit(1)


def run_until_closed(lifeline: int, function: Callable[[], None]) -> None:
    """Run a function in a thread, and exit when it ends, or the lifeline does.

    In a forked process this must be a new thread: OpenMP's threads of the old one are gone.
    """

    def work() -> None:
        try:
            function()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    threading.Thread(target=work, daemon=True).start()
    while os.read(lifeline, 1):
        pass
    os._exit(0)


class _Forked:
    """A forked process, with the methods of a Popen that are needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        code = self._wait(0)
        assert code is not None
        return code

    def _wait(self, options: int) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # someone else has waited for it
                pid, status = self.pid, 0
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _modules_of(program: Program) -> list[str]:
    return list(dict.fromkeys(cluster.module for cluster in program.clusters))


def _origin(name: str, program: str) -> tuple[str, str, str, list[str] | None]:
    """How a new process finds a module: its name, and the file of its outermost package.

    A package can have been loaded from anywhere, under a name that no path leads to.
    """
    outer = name.partition(".")[0]
    module = sys.modules[outer]
    if getattr(module, "__file__", None) is None and name in sys.modules:
        outer, module = name, sys.modules[name]
    file = _file(module)
    if file is None:
        raise ModelError(
            f"{program} was defined interactively, and cannot be imported by a new process: "
            'use start_method="fork" or another executor'
        )
    search = getattr(module, "__path__", None)
    return name, outer, file, list(search) if search is not None else None


def _file(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.abspath(file) if file is not None and os.path.exists(file) else None
