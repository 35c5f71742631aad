"""The threads executor: persistent threads, messages by reference.

PyTorch's operators release the interpreter lock while they compute, so clusters overlap.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Coroutine, Mapping
from typing import Any

import torch
from torch import Tensor

from .call import Call
from .channels import Channels, run_blocking
from .errors import CallAborted, ClosedError
from .executor import Executor, Options, PendingCall
from .neighbours import Neighbours
from .preparation import Preparation
from .program import Cluster, Program
from .serial import SerialExecutor
from .source_map import cluster_error
from .team_call import TeamCall, team_size
from .weights import Weights
from .workers import Workers


class ThreadsExecutor(Executor):
    """Runs each cluster in its own thread, with `cluster.width` threads inside an operator.

    Where PyTorch's threads are GNU OpenMP's, a program with a wide cluster runs on one team of them
    instead, see team.py: one call after the other, for the wide cluster takes all cores.  A program
    of one cluster that is as wide as the caller's PyTorch runs on the calling thread: there is
    nobody to run beside, and to wake another thread takes longer than a small model's layers.
    Calls from several threads queue: one runs at a time.  A cluster, or a signal handler, that
    calls the model whose call is running gets a RuntimeError instead of a deadlock.
    """

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__(program, options)
        self._closed = False
        self._here = SerialExecutor(program, options)
        self._here.preparation = self.preparation
        self._forget()
        _executors.add(self)

    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call, see Executor.run; the timeout counts from when it is the call's turn.

        A call that fails, times out or is interrupted ends at once for its caller; a cluster
        that is inside an operator then leaves at its next send or recv, and the next call's work
        queues behind it.
        """
        self._refuse_nesting()
        with self._turn:
            self._caller = threading.get_ident()
            try:
                if self._runs_here():
                    return self._here.run(inputs, w)
                return self._enqueue(inputs, w).result()
            finally:
                self._caller = None

    def begin(self, inputs: Mapping[str, Tensor], w: Weights) -> PendingCall:
        """Begin a call, see Executor.begin; calls of several threads may overlap so."""
        self._refuse_nesting()
        with self._turn:  # the same order in every worker's queue
            return self._enqueue(inputs, w)

    def close(self) -> None:
        """End the workers; a call that is running, or comes later, raises ClosedError."""
        self._closed = True
        self._here.close()
        self._neighbours = Neighbours(self.program, self.preparation.recorded)
        for call in list(self._calls):
            call.end(ClosedError(f"{self.program.name} was closed during the call"))
        for workers in (self._workers, self._team):
            if workers is not None:
                workers.stop(wait=5.0)

    def _enqueue(self, inputs: Mapping[str, Tensor], w: Weights) -> Call:
        call = Call(self.program, self.timeout)
        self._calls.add(call)
        if self._closed:
            raise ClosedError(f"{self.program.name} is closed")
        size = team_size(self.program)
        try:
            if size is not None:
                job = TeamCall(call, size, inputs, w, self.preparation, self._team_members)
                self._started_team(size).queues[0].put(job)
                return call
            call.neighbourhood = self._neighbours.begin(call, inputs)
            jobs = [_Job(call, c, inputs, w, self.preparation) for c in self.program.clusters]
            for queue, job in zip(self._started().queues, jobs, strict=True):
                queue.put(job)
        except BaseException:  # Ctrl-C: no cluster may wait for one that has no job
            call.cancel()
            raise
        return call

    def is_started(self) -> bool:
        """Whether threads may be inside a call."""
        return self._has_run_here or self._workers is not None or self._team is not None

    def _runs_here(self) -> bool:
        """Whether a call whose caller waits without end may run on its thread."""
        widths = [cluster.width for cluster in self.program.clusters]
        here = self.timeout is None and widths == [torch.get_num_threads()]
        self._has_run_here = self._has_run_here or here
        return here

    def _refuse_nesting(self) -> None:
        me = threading.get_ident()
        workers = self._workers
        inside = me in self._team_members or (workers is not None and me in workers.idents)
        if inside or me == self._caller:
            raise RuntimeError(f"{self.program.name} is called from inside its own call")

    def _started(self) -> Workers:
        if self._workers is None:
            name = self.program.name
            self._workers = Workers(
                [(f"{name} {cluster.name}", cluster.width) for cluster in self.program.clusters]
            )
            if self._closed:  # close() came in between, and found no workers to end
                self._workers.stop()
        return self._workers

    def _started_team(self, size: int) -> Workers:
        if self._team is None:
            self._team = Workers([(f"{self.program.name} team", size)])
            if self._closed:
                self._team.stop()
        return self._team

    def _forget(self) -> None:
        """Be as new: also in a forked child, which has no threads and may have a held lock."""
        self.preparation.renew_locks()
        self._neighbours = Neighbours(self.program, self.preparation.recorded)
        self._turn = threading.Lock()
        self._caller: int | None = None
        self._has_run_here = False
        self._calls: weakref.WeakSet[Call] = weakref.WeakSet()
        self._workers: Workers | None = None
        self._team: Workers | None = None
        self._team_members: set[int] = set()


class _Job:
    """One cluster's part of a call."""

    def __init__(
        self,
        call: Call,
        cluster: Cluster,
        inputs: Mapping[str, Tensor],
        w: Weights,
        preparation: Preparation,
    ) -> None:
        self._call = call
        self._cluster = cluster
        self._channels = _Channels(call, cluster.name)
        self._inputs = inputs
        self._w = w
        self._preparation = preparation

    def __call__(self) -> None:
        """Run the cluster in the caller's modes, and report to the call."""
        call = self._call
        if call.aborted:
            return
        try:
            with call.modes.entered():
                outputs = run_blocking(self._started())
            self._channels.finish()
        except CallAborted:
            return
        except BaseException as error:
            call.end(cluster_error(self._cluster, error))
        else:
            call.add(outputs)

    def _started(self) -> Coroutine[Any, Any, dict[str, Tensor]]:
        neighbourhood = self._call.neighbourhood
        if neighbourhood is None:
            return self._preparation.started(self._cluster, self._inputs, self._w, self._channels)
        arguments = [self._inputs[name] for name in self._cluster.reads]
        return neighbourhood.run(self._cluster, arguments, self._channels)


class _Channels(Channels):
    """Messages in one queue per cluster; those that come early are kept until asked for."""

    def __init__(self, call: Call, cluster: str) -> None:
        super().__init__(call.program, cluster)
        self._call = call
        self._inbox = call.inboxes[cluster]
        self._arrived: dict[tuple[str, str], Tensor] = {}

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        if self._call.aborted:
            raise CallAborted
        self.sending(value, to)
        self._call.inboxes[to].put((value, self.cluster, tensor))

    async def recv(self, value: str, *, source: str) -> Tensor:
        self.receiving(value, source)
        key = (value, source)
        while key not in self._arrived:
            message = self._inbox.get()
            if message is None or self._call.aborted:
                raise CallAborted
            self._arrived[message[0], message[1]] = message[2]
        return self._arrived.pop(key)


_executors: weakref.WeakSet[ThreadsExecutor] = weakref.WeakSet()


def _forget_workers() -> None:
    for executor in _executors:
        executor._forget()  # pyright: ignore[reportPrivateUsage]


@atexit.register
def _hold_callers() -> None:
    """Let no daemon thread be inside a call, and so inside PyTorch, when the interpreter goes.

    Where the interpreter ends such a thread, C++ ends the process.
    """
    busy = [executor for executor in _executors if executor.is_started()]
    for executor in busy:
        executor._turn.acquire(timeout=2.0)  # pyright: ignore[reportPrivateUsage]
    if busy:
        time.sleep(0.02)  # whoever has just got a result comes back to wait for the turn


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
