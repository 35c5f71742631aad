"""The threads executor: a persistent thread per cluster, messages by reference.

PyTorch's operators release the interpreter lock while they compute, so clusters overlap.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from queue import Empty, SimpleQueue

from torch import Tensor

from .channels import Channels, run_blocking
from .errors import CallAborted, CallTimeout, ClosedError
from .executor import Executor, Options, PendingCall
from .modes import CallerModes
from .preparation import Preparation
from .program import Cluster, Program
from .source_map import cluster_error
from .weights import Weights
from .workers import Workers


class ThreadsExecutor(Executor):
    """Runs each cluster in its own thread, with `cluster.width` threads inside an operator.

    Calls from several threads queue: one runs at a time.  A cluster, or a signal handler, that
    calls the model whose call is running gets a RuntimeError instead of a deadlock.
    """

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__(program, options)
        self._closed = False
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
        for call in list(self._calls):
            call.end(ClosedError(f"{self.program.name} was closed during the call"))
        if self._workers is not None:
            self._workers.stop(wait=5.0)

    def _enqueue(self, inputs: Mapping[str, Tensor], w: Weights) -> _Call:
        call = _Call(self.program, self.timeout)
        self._calls.add(call)
        if self._closed:
            raise ClosedError(f"{self.program.name} is closed")
        jobs = [
            _Job(call, cluster, inputs, w, self.preparation) for cluster in self.program.clusters
        ]
        try:
            for queue, job in zip(self._started().queues, jobs, strict=True):
                queue.put(job)
        except BaseException:  # Ctrl-C: no cluster may wait for one that has no job
            call.cancel()
            raise
        return call

    def _refuse_nesting(self) -> None:
        me = threading.get_ident()
        workers = self._workers
        if me == self._caller or (workers is not None and me in workers.idents):
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

    def _forget(self) -> None:
        """Be as new: also in a forked child, which has no threads and may have a held lock."""
        self._turn = threading.Lock()
        self._caller: int | None = None
        self._calls: weakref.WeakSet[_Call] = weakref.WeakSet()
        self._workers: Workers | None = None


class _Call:
    """What the clusters of one call share.  All of it is fresh, so an error leaves nothing."""

    def __init__(self, program: Program, timeout: float | None) -> None:
        self.program = program
        self.timeout = timeout
        self.modes = CallerModes()
        self.aborted = False
        self.inboxes: dict[str, SimpleQueue[tuple[str, str, Tensor] | None]] = {
            cluster.name: SimpleQueue() for cluster in program.clusters
        }
        self._outputs: list[dict[str, Tensor]] = []
        self._ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def result(self) -> dict[str, Tensor]:
        """Wait for the end: the outputs of all clusters."""
        error: BaseException | None = None
        try:
            error = self._ended.get(timeout=self.timeout)
            if error is not None:
                raise error
        except Empty:
            self.cancel()
            raise CallTimeout(f"{self.program.name}: no result in {self.timeout} s") from None
        except BaseException:
            self.cancel()
            raise
        finally:
            del error  # its traceback holds this frame, which would hold it in turn
        return {name: tensor for part in self._outputs for name, tensor in part.items()}

    def add(self, outputs: dict[str, Tensor]) -> None:
        """A cluster has ended; the last one wakes the caller."""
        self._outputs.append(outputs)
        if len(self._outputs) == len(self.inboxes):
            self._ended.put(None)

    def end(self, error: BaseException) -> None:
        """The call has failed: release the other clusters, and wake the caller."""
        self.cancel()
        self._ended.put(error)

    def cancel(self) -> None:
        """Release every cluster that waits, or will."""
        self.aborted = True
        for inbox in self.inboxes.values():
            inbox.put(None)


class _Job:
    """One cluster's part of a call."""

    def __init__(
        self,
        call: _Call,
        cluster: Cluster,
        inputs: Mapping[str, Tensor],
        w: Weights,
        preparation: Preparation,
    ) -> None:
        self._call = call
        self._cluster = cluster
        self._channels = _Channels(call, cluster.name)
        self._arguments = [inputs[name] for name in cluster.reads]
        self._w = w
        self._preparation = preparation

    def __call__(self) -> None:
        """Run the cluster in the caller's modes, and report to the call."""
        call = self._call
        if call.aborted:
            return
        try:
            with call.modes.entered():
                w = self._preparation.weights_of(self._cluster, self._w)
                outputs = run_blocking(self._cluster.function(*self._arguments, w, self._channels))
            self._channels.finish()
        except CallAborted:
            return
        except BaseException as error:
            call.end(cluster_error(self._cluster, error))
        else:
            call.add(outputs)


class _Channels(Channels):
    """Messages in one queue per cluster; those that come early are kept until asked for."""

    def __init__(self, call: _Call, cluster: str) -> None:
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


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
