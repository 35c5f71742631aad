"""The processes executor: a persistent process per cluster, messages in shared memory.

For models whose operators are short: processes do not share an interpreter lock.
"""

from __future__ import annotations

import itertools
import os
import pickle
import threading
import time
import weakref
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .errors import CallAborted, CallTimeout, ClosedError, ClusterError, ModelError
from .executor import Executor, Options, PendingCall
from .modes import CallerModes
from .packing import flat, paired
from .pool import Pool
from .process_worker import (
    ABORT,
    BEGIN,
    ERROR,
    LEFT,
    OUTPUTS,
    READY,
    WEIGHTS,
    Failure,
)
from .program import Program
from .signals import Note
from .weights import Weights, mark


class ProcessesExecutor(Executor):
    """Runs each cluster in a process, with `cluster.width` threads inside an operator.

    Calls from several threads queue: one runs at a time.  A call that fails ends at once for its
    caller; a cluster that is inside an operator then leaves at its next recv.  A worker process
    that ends takes the others with it, and the next call starts new ones.
    """

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__(program, options)
        self._closed = False
        self._forget()
        _executors.add(self)

    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call, see Executor.run.  Raises ModelError if gradients are asked for."""
        with self._in_turn():
            return self._result(self._begin(inputs, w))

    def begin(self, inputs: Mapping[str, Tensor], w: Weights) -> PendingCall:
        """Begin a call, see Executor.begin; it goes on while somebody waits for any call."""
        with self._in_turn():
            return _Pending(self, self._begin(inputs, w))

    def result(self, call: _Call) -> dict[str, Tensor]:
        """Wait for a call that has begun."""
        with self._in_turn():
            return self._result(call)

    def cancel(self, call: _Call) -> None:
        """Abort a call at the next turn.  Never waits: garbage collection may call this."""
        self._unwanted.append(call)

    def close(self) -> None:
        """End the workers; a call that is running, or comes later, raises ClosedError."""
        self._closed = True
        pool = self._pool
        if self._caller is not None and pool is not None:
            pool.kill()  # its caller sees that, and tidies up
            return
        with self._turn:
            self._stop(_closed(self.program))

    @contextmanager
    def _in_turn(self) -> Generator[None]:
        """One thread at a time: it may call the methods below."""
        if self._caller == threading.get_ident():
            raise RuntimeError(f"{self.program.name} is called from inside its own call")
        with self._turn:
            self._caller = threading.get_ident()
            try:
                while self._unwanted:
                    call = self._unwanted.popleft()
                    if not call.ended:
                        self._fail(call, CallAborted())
                yield
            finally:
                self._caller = None
                if self._closed:  # close() came meanwhile
                    self._stop(_closed(self.program))

    def _begin(self, inputs: Mapping[str, Tensor], w: Weights) -> _Call:
        """Start a call."""
        refuse_gradients(self.program, [*inputs.values(), *w.values()])
        pool = self._running_pool()
        self._send_weights(pool, w)
        slot = next(slot for slot in itertools.count() if slot not in self._slots)
        self._number += 1
        call = _Call(self._number, slot, len(pool.processes))
        at, size = pool.outbox.put((slot, "inputs"), call.modes, *flat(inputs))
        self._slots.add(slot)
        self._calls[call.number] = call
        pool.post(Note(BEGIN, slot, call.number, at, size))
        return call

    def _result(self, call: _Call) -> dict[str, Tensor]:
        """Wait for the end of a call: its outputs."""
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            while not call.ended:
                self._listen(None if deadline is None else deadline - time.monotonic())
            if call.error is not None:
                raise call.error
            return call.outputs
        except CallTimeout:
            if not call.ended:
                self._timed_out = call.number
                self._fail(call, CallTimeout())
            raise CallTimeout(f"{self.program.name}: no result in {self.timeout} s") from None
        except ModelError:
            raise
        except BaseException:  # Ctrl-C: a note may be lost
            self._stop(ClosedError(f"{self.program.name}: another call was interrupted"))
            raise
        finally:
            call.error = None  # its traceback holds this frame, which would hold it in turn

    def _listen(self, timeout: float | None) -> None:
        """Take what the workers say."""
        assert self._pool is not None
        try:
            notes = self._pool.listen(timeout)
        except ClusterError as error:
            if self._closed:
                self._stop(_closed(self.program))
            else:
                self._stop(error)
            return
        if not notes:
            raise CallTimeout
        for note in notes:
            self._take(self._pool, note)

    def _take(self, pool: Pool, note: Note) -> None:
        self._left[note.number] = note.call
        call = self._calls.get(note.call)
        if call is None or note.kind == LEFT:  # it had failed before
            return
        inbox = pool.inboxes[note.number]
        with call.modes.entered():
            values = inbox.get(note.at, note.size, copy=True)
        if note.kind == OUTPUTS:
            call.outputs |= paired(values)
            call.running -= 1
            if not call.running:
                self._end(call)
        else:
            self._fail(call, _error(values[0]))

    def _fail(self, call: _Call, error: BaseException) -> None:
        """End a call, and let the clusters that still work for it leave it."""
        call.error = error
        self._end(call)
        if self._pool is not None:
            self._pool.post(Note(ABORT, 0, call.number))

    def _end(self, call: _Call) -> None:
        call.ended = True
        del self._calls[call.number]
        self._slots.discard(call.slot)

    def _replace_lost(self) -> None:
        """After a timeout: give the workers as much time again to leave that call, or end them."""
        assert self.timeout is not None
        deadline = time.monotonic() + self.timeout
        try:
            while self._pool is not None and min(self._left) < self._timed_out:
                self._listen(deadline - time.monotonic())
        except CallTimeout:
            self._stop(CallTimeout(f"{self.program.name}: a worker did not leave a call"))
        self._timed_out = 0

    def _running_pool(self) -> Pool:
        """The workers: new ones if there are none, or one was killed meanwhile."""
        if self._closed:
            raise ClosedError(f"{self.program.name} is closed")
        if self._pool is not None and not self._pool.alive():
            self._stop(ClusterError(self.program.name, "a worker process has ended", None))
        if self._timed_out:
            self._replace_lost()
        if self._pool is None:
            self._pool = self._started()
        return self._pool

    def _started(self) -> Pool:
        pool = Pool(self.program, self.options)
        try:
            ready = 0
            while ready < len(pool.processes):
                for note in pool.listen(None):
                    if note.kind == ERROR:
                        raise _error(pool.inboxes[note.number].get(note.at, note.size)[0])
                    ready += note.kind == READY
        except BaseException:
            pool.stop()
            raise
        self._finalizer = weakref.finalize(self, pool.stop)
        self._finalizer.atexit = False  # the end of this process is the end of its lifelines
        self._left = [self._number] * len(pool.processes)
        self._sent: Any = None
        return pool

    def _send_weights(self, pool: Pool, w: Weights) -> None:
        """Let the workers have the weights that are not, or no more, what is in the file."""
        marks = [mark(tensor) for tensor in w.values()]
        if marks == self._sent:
            return
        while self._calls:  # no call may see its weights change
            self._listen(self.timeout)
        in_file = self.options.file.marks if self.options.file is not None else {}
        names = zip(w.items(), marks, strict=True)
        changed = {name: tensor for (name, tensor), now in names if in_file.get(name) != now}
        if changed or self._sent is not None:
            at, size = pool.outbox.put("weights", *flat(changed))
            pool.post(Note(WEIGHTS, 0, 0, at, size))
        self._sent = marks

    def _stop(self, error: ModelError) -> None:
        """End the workers, and every call with this error."""
        for call in list(self._calls.values()):
            call.error = error
            self._end(call)
        if self._pool is not None:
            self._finalizer()
            self._pool = None

    def _forget(self) -> None:
        """Be as new: also in a forked child, whose workers are not its own."""
        pool: Pool | None = getattr(self, "_pool", None)
        if pool is not None:
            pool.stop()
        self._turn = threading.Lock()
        self._caller: int | None = None
        self._pool: Pool | None = None
        self._number = 0
        self._timed_out = 0
        self._calls: dict[int, _Call] = {}
        self._slots: set[int] = set()
        self._unwanted: deque[_Call] = deque()


class _Call:
    """One call, from its beginning to its end."""

    def __init__(self, number: int, slot: int, clusters: int) -> None:
        self.number = number
        self.slot = slot
        self.running = clusters
        self.modes = CallerModes()
        self.outputs: dict[str, Tensor] = {}
        self.error: BaseException | None = None
        self.ended = False


@dataclass(frozen=True)
class _Pending:
    """A call that has begun, see PendingCall."""

    executor: ProcessesExecutor
    call: _Call

    def result(self) -> dict[str, Tensor]:
        return self.executor.result(self.call)

    def cancel(self) -> None:
        self.executor.cancel(self.call)


def refuse_gradients(program: Program, values: list[Any]) -> None:
    """Raise ModelError if a call with these values would lose gradients."""
    if torch.is_grad_enabled() and any(
        isinstance(value, Tensor) and value.requires_grad for value in values
    ):
        raise ModelError(
            f"{program.name}: gradients do not cross processes: use the executor threads or "
            "serial, or torch.no_grad()"
        )


def _closed(program: Program) -> ClosedError:
    return ClosedError(f"{program.name} was closed during the call")


def _error(failure: Failure) -> ClusterError:
    error = ClusterError(*failure.fields)
    error.add_note(f"in the worker process:\n{failure.trace}")
    if failure.cause:
        error.__cause__ = pickle.loads(failure.cause)
    return error


_executors: weakref.WeakSet[ProcessesExecutor] = weakref.WeakSet()


def _forget_workers() -> None:
    for executor in _executors:
        executor._forget()  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
