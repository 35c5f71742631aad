"""A call that workers of this process run, as its caller and its clusters see it."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

from torch import Tensor

from .errors import CallTimeout
from .modes import CallerModes
from .neighbours import Neighbourhood
from .program import Program


class Call:
    """What the clusters of one call share.  All of it is fresh, so an error leaves nothing."""

    def __init__(self, program: Program, timeout: float | None) -> None:
        self.program = program
        self.timeout = timeout
        self.modes = CallerModes()
        self.aborted = False
        self.neighbourhood: Neighbourhood | None = None
        """The replays that run the clusters, if these are recorded."""
        self.inboxes: dict[str, SimpleQueue[Any]] = {
            cluster.name: SimpleQueue() for cluster in program.clusters
        }
        """What each cluster waits at; None there means that the call is over."""
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
        if self.neighbourhood is not None:
            self.neighbourhood.abandon(self)
        for inbox in self.inboxes.values():
            inbox.put(None)
