"""The distributed executor: ranks of torch.distributed, on one host or many, started by torchrun.

Rank 0 calls the model, the others serve it.  Each rank runs a group of clusters, every cluster in
a thread, and messages between ranks go through gloo.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from torch import Tensor

from .edges import LostRank
from .errors import ClosedError, ClusterError, ModelError
from .executor import Deferred, Executor, Options, PendingCall
from .processes import refuse_gradients
from .program import Program
from .rank import Rank
from .rendezvous import connect
from .weights import Weights, mark

CONNECT_SECONDS = 60.0


class DistributedExecutor(Executor):
    """Runs clusters on ranks: cluster i of n on rank i * ranks // n.

    Calls of rank 0 queue.  An error in a cluster ends its call only; after a rank is lost, or a
    call has timed out, the model is closed on every rank.
    """

    overlaps = False

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__(program, options)
        self._turn = threading.RLock()
        self._rank: Rank | None = None
        self._closed = ""
        self._busy = False

    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call, on rank 0.  Raises ModelError on another rank, ClusterError for a lost one."""
        refuse_gradients(self.program, [*inputs.values(), *w.values()])
        with self._in_turn(w) as rank:
            if rank.number:
                raise ModelError(f"{self.program.name}: rank {rank.number} serves: call serve()")
            try:
                return rank.call(inputs, w)
            except LostRank as error:
                self._close(f"was closed: {error}")
                raise ClusterError(rank.clusters_of(error.rank), str(error), None) from error
            except ClusterError:
                raise
            except BaseException:  # Ctrl-C: the ranks no longer agree about what was sent
                self._close("was closed by an interruption")
                raise

    def begin(self, inputs: Mapping[str, Tensor], w: Weights) -> PendingCall:
        """A call that runs when its result is asked for."""
        return Deferred(partial(self.run, inputs, w))

    def serve(self, w: Weights) -> None:
        """On every rank but 0: take part in calls until rank 0 closes the model.

        Raises LostRank if rank 0, or one that is waited for, is lost.
        """
        with self._in_turn(w) as rank:
            try:
                while rank.serve_call(w):
                    pass
            finally:
                self._close("is closed")

    def close(self) -> None:
        """On rank 0: let the other ranks return from `serve`."""
        self._refuse_nesting()
        with self._turn:
            if self._rank is not None and not self._rank.number:
                self._rank.end()
            self._close("is closed")

    @contextmanager
    def _in_turn(self, w: Weights) -> Generator[Rank]:
        """One thread at a time."""
        self._refuse_nesting()
        with self._turn:
            if self._busy:  # a signal handler, in the thread that calls
                raise self._nested()
            self._busy = True
            try:
                yield self._connected(w)
            finally:
                self._busy = False

    def _refuse_nesting(self) -> None:
        """A cluster that waited for the end of its own call would wait for ever."""
        if self._rank is not None and threading.get_ident() in self._rank.idents:
            raise self._nested()

    def _nested(self) -> RuntimeError:
        return RuntimeError(f"{self.program.name} is called from inside its own call")

    def _connected(self, w: Weights) -> Rank:
        if self._closed:
            raise ClosedError(f"{self.program.name} {self._closed}")
        marks = {name: mark(tensor) for name, tensor in w.items()}
        if w and (self.options.file is None or self.options.file.marks != marks):
            raise ModelError(
                f"{self.program.name}: its weights have changed since it was loaded, and the "
                "other ranks read theirs from the file: save them to a file and load that"
            )
        if self._rank is None:
            seconds = timedelta(seconds=CONNECT_SECONDS)
            clusters = len(self.program.clusters)
            connect(self.program.name, clusters, _fingerprint(self.program, w), seconds)
            self._rank = Rank(self.program, self.timeout, self.preparation)
        return self._rank

    def _close(self, reason: str) -> None:
        rank, self._rank = self._rank, None
        self._closed = self._closed or reason
        if rank is not None:
            rank.close()


def _fingerprint(program: Program, w: Weights) -> str:
    """The same for the same program with weights of the same names, shapes and dtypes."""
    clusters = [(cluster.name, cluster.width, cluster.reads) for cluster in program.clusters]
    weights = [(name, str(tensor.dtype), tuple(tensor.shape)) for name, tensor in w.items()]
    text = repr((program.name, clusters, list(program.messages), weights))
    return hashlib.sha256(text.encode()).hexdigest()
