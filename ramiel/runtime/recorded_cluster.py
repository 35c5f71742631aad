"""A cluster whose calls are recorded once and then done again, without Python between kernels."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Coroutine, Generator, Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import torch
from torch import Tensor

from .channels import Channels, run_blocking
from .joins import joined
from .memory import give_back_memory
from .onednn import onednn
from .primitive_weight import PrimitiveWeight
from .program import Cluster
from .recorder import Recorder
from .recording import Recording
from .replay import Replay
from .replay_plan import Block
from .weights import Weights

KEPT = 8
"""Recordings of one cluster: arguments of other strides, and other numbers of threads."""
COMPARED = 1 << 16
"""Numbers at a time."""
ROUNDING = 1e-4
"""By how much sums of another order may differ, of the largest number."""


class RecordedCluster:
    """Runs a cluster's function for the first two calls of a kind, and replays the second one then.

    The first call makes primitives.  A replay must give, for the second call's values, bit for bit
    what the function gave; else the function runs each time.
    """

    def __init__(self, cluster: Cluster, w: Weights) -> None:
        self._function, self._w = cluster.function, w
        self._kinds: dict[Hashable, _Kind] = {}
        self.renew_lock()

    def renew_lock(self) -> None:
        """In a forked child: another thread of the parent's may have held it."""
        self._lock = threading.Lock()

    async def __call__(self, arguments: Sequence[Tensor], channels: Channels) -> dict[str, Tensor]:
        """What the function returns for these arguments."""
        kind = self._kind(arguments)
        if kind is None:
            return await self._function(*arguments, self._w, channels)
        if kind.recording is not None:
            return await kind.replay(arguments, channels)
        if not kind.begins_to_record(self._lock):
            return await self._function(*arguments, self._w, channels)
        return await self._record(kind, arguments, channels)

    def recording_of(self, arguments: Sequence[Tensor], threads: int) -> Recording | None:
        """What a call with these arguments does on so many threads, if that is known."""
        kind = None if _needs_the_function(arguments) else self._kinds.get(_key(arguments, threads))
        return None if kind is None else kind.recording

    def give_back_replays(self) -> None:
        """Of calls on their own; others have memory of their own."""
        for kind in self._kinds.values():
            kind.give_back_replays()

    def failures(self) -> list[str]:
        """Why calls of some kind are not replayed."""
        return [kind.failure for kind in self._kinds.values() if kind.failure is not None]

    def _kind(self, arguments: Sequence[Tensor]) -> _Kind | None:
        """What calls like this one share; None: it must run as it is."""
        if _needs_the_function(arguments):
            return None
        key = _key(arguments, torch.get_num_threads())
        kind = self._kinds.get(key)
        if kind is None:
            with self._lock:
                while len(self._kinds) >= KEPT:
                    del self._kinds[next(iter(self._kinds))]
                kind = self._kinds.setdefault(key, _Kind())
        return kind

    async def _record(
        self, kind: _Kind, arguments: Sequence[Tensor], channels: Channels
    ) -> dict[str, Tensor]:
        give_back_memory()  # what is written down goes elsewhere than the results before it
        recorder = Recorder(arguments, self._w.values())
        log = _Log(channels, recorder)
        try:
            outputs = await _within(
                recorder.watching, self._function(*recorder.arguments, self._w, log)
            )
        except BaseException:
            kind.is_recording = False
            raise
        recorder.returned(outputs)
        with torch.no_grad():
            kind.finish(recorder, arguments, log, outputs)
        if kind.recording is not None:
            for weight in self._w.values():
                if isinstance(weight, PrimitiveWeight):
                    weight.primitives.clear()  # the recording has those that it needs
        give_back_memory()
        return outputs


class _Kind:
    """Calls with the same shapes, strides, dtypes and threads."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.failure: str | None = None
        self.is_recording = False
        self._calls = 0
        self._free: list[Replay] = []

    def begins_to_record(self, lock: threading.Lock) -> bool:
        """Whether this call is the one to record."""
        with lock:
            self._calls += 1
            if self._calls < 2 or self.is_recording or self.failure is not None:
                return False
            self.is_recording = True
            return True

    async def replay(self, arguments: Sequence[Tensor], channels: Channels) -> dict[str, Tensor]:
        """A call from the recording, with memory that no other call uses now."""
        try:
            replay = self._free.pop()
        except IndexError:
            replay = self._new(self.recording)
        outputs = await replay(arguments, channels)
        self._free.append(replay)
        return outputs

    def give_back_replays(self) -> None:
        """Those that no call uses now."""
        self._free.clear()

    def finish(
        self, recorder: Recorder, arguments: Sequence[Tensor], log: _Log, outputs: Any
    ) -> None:
        """Keep the recording if it gives what the call gave."""
        self.failure = recorder.failure
        if self.failure is not None:
            return
        give_back_memory()  # of the results, which the replay needs no more
        try:
            replay = self._replayed_alike(recorder.recording, arguments, log, outputs)
            if replay is None:
                self.failure = "a replay gives other numbers"
                return
            library = onednn()
            assert library is not None
            found = joined(recorder.recording, library, torch.get_num_threads()).recording
            self.recording = recorder.recording
            if len(found.steps) < len(recorder.recording.steps):
                del replay  # there is never memory for two
                give_back_memory()
                replay = self._replayed_alike(found, arguments, log, outputs, is_close=True)
                self.recording = found if replay is not None else self.recording
            self._free += [] if replay is None else [replay]
        except (RuntimeError, NotImplementedError) as error:
            self.failure, self.recording = str(error), None

    def _replayed_alike(
        self,
        recording: Recording,
        arguments: Sequence[Tensor],
        log: _Log,
        outputs: Any,
        is_close: bool = False,
    ) -> Replay | None:
        """A replay, if it gives for the recorded call what that gave."""
        replay, again = self._new(recording), _Again(log, is_close)
        replayed = run_blocking(replay(arguments, again))
        return replay if again.is_alike() and _same(outputs, replayed, is_close) else None

    def _new(self, recording: Recording | None) -> Replay:
        library = onednn()
        if recording is None or library is None:
            raise RuntimeError("there is nothing to replay")
        return Replay(recording, library, Block(recording))


class _Log(Channels):
    """The channels of a call that is recorded, and the values that went through them."""

    def __init__(self, channels: Channels, recorder: Recorder) -> None:
        self._channels, self._recorder = channels, recorder
        self.sent: dict[tuple[str, str], Tensor] = {}
        self.got: dict[tuple[str, str], Tensor] = {}

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self._recorder.sent(value, tensor, to)
        self.sent[value, to] = tensor
        with self._recorder.paused():
            self._channels.send(value, tensor, to=to)

    async def recv(self, value: str, *, source: str) -> Tensor:
        tensor = await _within(self._recorder.paused, self._channels.recv(value, source=source))
        self.got[value, source] = tensor
        return self._recorder.received(value, source, tensor)


class _Again(Channels):
    """The values of a recorded call once more; what is sent must be what was sent then."""

    def __init__(self, log: _Log, is_close: bool) -> None:
        self._log, self._is_close = log, is_close
        self._left = set(log.sent)
        self._differs = False

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self._left.remove((value, to))
        same = _same(self._log.sent[value, to], tensor, self._is_close)
        self._differs = self._differs or not same

    async def recv(self, value: str, *, source: str) -> Tensor:
        return self._log.got[value, source]

    def is_alike(self) -> bool:
        """Whether everything was sent, with the same numbers."""
        return not self._left and not self._differs


def _key(arguments: Sequence[Tensor], threads: int) -> Hashable:
    places = [(x.shape, x.stride(), x.dtype) for x in arguments]
    return threads, torch.is_inference_mode_enabled(), *places


def _has_modes() -> bool:
    """Whether something else watches what this thread computes."""
    stacks: Any = torch._C  # pyright: ignore[reportPrivateUsage]
    return bool(stacks._len_torch_dispatch_stack() or stacks._len_torch_function_stack())


def _needs_the_function(arguments: Sequence[Tensor]) -> bool:
    """Whether a call may do something else than its kernels: gradients, casts, what modes do."""
    if torch.is_autocast_enabled("cpu") or _has_modes():
        return True
    learns = torch.is_grad_enabled()
    return any(
        type(x) is not Tensor
        or x.layout != torch.strided
        or not x.is_cpu
        or (learns and x.requires_grad)
        or x.is_conj()
        or x.is_neg()
        for x in arguments
    )


@types.coroutine
def _within(
    context: Callable[[], AbstractContextManager[None]], coroutine: Coroutine[Any, Any, Any]
) -> Generator[Any, Any, Any]:
    """Run a coroutine; what it computes between its waits it does in such a context."""
    try:
        while True:
            try:
                with context():
                    wanted = coroutine.send(None)
            except StopIteration as end:
                return end.value
            yield wanted
    finally:
        coroutine.close()


def _same(one: Any, other: Any, is_close: bool = False) -> bool:
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
        same = named.keys() == other.keys()
        return same and all(_same(named[k], other[k], is_close) for k in named)
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(_same(*pair, is_close) for pair in pairs)


def _parts(tensor: Tensor) -> Sequence[Tensor]:
    """Its numbers, few at a time: comparing makes several tensors more of each."""
    return cast("Sequence[Tensor]", tensor.flatten().split(COMPARED)) if tensor.numel() else []


def _same_part(one: Tensor, other: Tensor, least: float | None) -> bool:
    if least is not None:
        return torch.allclose(one, other, rtol=ROUNDING, atol=least, equal_nan=True)
    return bool(((one == other) | ((one != one) & (other != other))).all())
