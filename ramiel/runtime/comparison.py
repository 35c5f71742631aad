"""Whether a replay gives what a cluster gives, found while that runs.

The replay goes on beside the call, from message to message, so that nothing of the call is kept for
longer than until both have come there.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from .channels import Channels
from .memory import give_back_memory
from .replay import Replay
from .replay_plan import Key

COMPARED = 1 << 16
"""Numbers at a time: comparing makes several tensors more of each."""
ROUNDING = 1e-4
"""By how much sums of another order may differ, of the largest number."""


class Comparison(Channels):
    """The channels of a call, and a replay beside it that is to send and return the same."""

    def __init__(
        self, channels: Channels, replay: Replay, arguments: Sequence[Tensor], is_close: bool
    ) -> None:
        """`is_close`: but for sums of another order; else bit for bit."""
        self._channels, self._is_close = channels, is_close
        self._beside = _Beside(is_close)
        self._replay, self._arguments = replay, arguments
        self._running: Coroutine[Any, Any, Any] | None = None
        self._outputs: Any = None

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self._beside.sent[value, to] = tensor
        self._channels.send(value, tensor, to=to)

    async def recv(self, value: str, *, source: str) -> Tensor:
        self._go_on()
        tensor = await self._channels.recv(value, source=source)
        self._beside.received[value, source] = tensor
        return tensor

    def is_alike(self, outputs: Any) -> bool:
        """Whether the replay has sent what the call did, and returns what that returned."""
        self._go_on()
        assert self._running is not None
        self._running.close()
        if self._beside.differs or self._outputs is None:
            return False
        return same(outputs, self._outputs, self._is_close)

    def _go_on(self) -> None:
        """Let the replay come to where the call is: to what that has not received yet."""
        if self._running is None:
            self._running = self._replay(self._arguments, self._beside)
        try:
            with torch.no_grad():
                self._running.send(None)
        except StopIteration as end:
            self._outputs = end.value
        except RuntimeError:  # a kernel that fails, or has failed
            self._beside.differs = True
        self._beside.clear()
        give_back_memory()  # else what was dropped by either adds up


class _Beside(Channels):
    """The replay's channels, on which all has arrived that the call has received."""

    def __init__(self, is_close: bool) -> None:
        self._is_close = is_close
        self.sent: dict[Key, Tensor] = {}
        self.received: dict[Key, Tensor] = {}
        self.differs = False

    def clear(self) -> None:
        """Forget values that both have come to; what only the call has sent is a difference."""
        self.differs = self.differs or bool(self.sent)
        self.sent.clear()
        self.received.clear()

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        expected = self.sent.pop((value, to), None)
        is_same = expected is not None and same(expected, tensor, self._is_close)
        self.differs = self.differs or not is_same

    async def recv(self, value: str, *, source: str) -> Tensor:
        while (value, source) not in self.received:
            await _pause()
        return self.received[value, source]


@types.coroutine
def _pause() -> Generator[None, None, None]:
    """Hand control back to whoever runs the coroutine."""
    yield


def same(one: Any, other: Any, is_close: bool = False) -> bool:
    """Whether tensors have the same numbers, also the same that are none, in the same places.

    `is_close`: but for sums of another order.
    """
    if isinstance(one, Tensor):
        if [one.dtype, one.shape, one.stride()] != [other.dtype, other.shape, other.stride()]:
            return False
        least = None
        if is_close and one.is_floating_point():
            least = ROUNDING * max((float(part.abs().max()) for part in _parts(one)), default=0.0)
        pairs = zip(_parts(one), _parts(other), strict=True)
        return all(_same_part(*pair, least) for pair in pairs)
    if isinstance(one, dict):
        named = cast("dict[Any, Any]", one)
        keys_same = named.keys() == other.keys()
        return keys_same and all(same(named[k], other[k], is_close) for k in named)
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(same(*pair, is_close) for pair in pairs)


def _parts(tensor: Tensor) -> Sequence[Tensor]:
    return cast("Sequence[Tensor]", tensor.flatten().split(COMPARED)) if tensor.numel() else []


def _same_part(one: Tensor, other: Tensor, least: float | None) -> bool:
    if least is not None:
        return torch.allclose(one, other, rtol=ROUNDING, atol=least, equal_nan=True)
    return bool(((one == other) | ((one != one) & (other != other))).all())
