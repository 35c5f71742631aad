"""How clusters exchange values: the interface that cluster functions see.

`await channels.recv(...)` marks each place where a cluster may wait.  A cluster function is
therefore a coroutine, without asyncio: an executor with a thread per cluster blocks right there
and never yields, and the serial executor gets control back there and goes on with another one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

from torch import Tensor

from .errors import ChannelError
from .program import Program


class Channels(ABC):
    """One cluster's end of its channels, for one call.

    Each message of the model's list is sent exactly once and received exactly once in a call;
    sending never blocks.
    """

    def __init__(self, program: Program, cluster: str) -> None:
        self.cluster = cluster
        self._unsent = set(program.sends[cluster])
        self._expected = set(program.receives[cluster])

    @abstractmethod
    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        """Hand a value to the cluster `to`.

        Raises ChannelError if the model lists no such message, or it was sent before.
        """

    @abstractmethod
    async def recv(self, value: str, *, source: str) -> Tensor:
        """Wait for a value from the cluster `source`.

        Raises ChannelError if the model lists no such message, or it was received before.
        """

    def sending(self, value: str, to: str) -> None:
        """Tick off a message that is sent.  Raises ChannelError, see send."""
        try:
            self._unsent.remove((value, to))
        except KeyError:
            raise ChannelError(f"no message {value!r} to {to} is left to send") from None

    def receiving(self, value: str, source: str) -> None:
        """Tick off a message that is received.  Raises ChannelError, see recv."""
        try:
            self._expected.remove((value, source))
        except KeyError:
            raise ChannelError(f"no message {value!r} from {source} is left to receive") from None

    def finish(self) -> None:
        """Raise ChannelError if the cluster ended with a message unsent: its reader would wait."""
        for value, to in sorted(self._unsent):
            raise ChannelError(f"ended without sending {value!r} to {to}")


def run_blocking(coroutine: Coroutine[Any, Any, dict[str, Tensor]]) -> dict[str, Tensor]:
    """The outputs of a cluster whose channels block, and so never yield.

    Raises ChannelError if it awaits anything else.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise ChannelError("a cluster can await nothing but channels.recv")
