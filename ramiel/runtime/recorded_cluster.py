"""A cluster whose calls are recorded once and then done again, without Python between kernels."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Coroutine, Generator, Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from .bands import banded
from .channels import Channels
from .coalescing import coalesced
from .comparison import Comparison
from .file_pages import let_go_of_file_pages
from .fusing import fused
from .gathering import gather_weights
from .joins import joined
from .memory import give_back_memory, large_blocks_given_back
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


class RecordedCluster:
    """Runs a cluster's function for the first three calls of a kind, and replays it then.

    The first call makes primitives, and the second one is recorded.  A replay that goes on beside
    the third one must give bit for bit what the function gives; else the function runs each time.
    Beside a later one goes a replay with fewer copies, and large images in bands.
    """

    def __init__(self, cluster: Cluster, w: Weights, turn: threading.Lock) -> None:
        """`turn`: of the clusters that share it, one at a time has memory for two replays."""
        self._function, self._w = cluster.function, w
        self._kinds: dict[Hashable, _Kind] = {}
        self.renew_locks(turn)

    def renew_locks(self, turn: threading.Lock) -> None:
        """In a forked child: another thread of the parent's may have held one."""
        self._lock, self._turn = threading.Lock(), turn

    async def __call__(self, arguments: Sequence[Tensor], channels: Channels) -> dict[str, Tensor]:
        """What the function returns for these arguments."""
        kind = self._kind(arguments)
        if kind is None:
            return await self._function(*arguments, self._w, channels)
        if kind.is_decided():
            return await self._usual(kind, arguments, channels)
        with large_blocks_given_back():
            return await self._begin(kind, arguments, channels)

    async def _begin(
        self, kind: _Kind, arguments: Sequence[Tensor], channels: Channels
    ) -> dict[str, Tensor]:
        """One of the first calls, which may be written down or compared."""
        if not kind.begins_step(self._lock, self._turn):
            return await self._usual(kind, arguments, channels)
        try:
            step = self._record if kind.candidate is None else self._compare
            outputs = await step(kind, arguments, channels)
            self._settle(kind)
        finally:
            kind.ends_step()
        return outputs

    def recording_of(self, arguments: Sequence[Tensor], threads: int) -> Recording | None:
        """What a call with these arguments does on so many threads, if that is known."""
        kind = None if _needs_the_function(arguments) else self._kinds.get(_key(arguments, threads))
        return None if kind is None or not kind.is_decided() else kind.recording

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

    def _usual(
        self, kind: _Kind, arguments: Sequence[Tensor], channels: Channels
    ) -> Coroutine[Any, Any, dict[str, Tensor]]:
        """The replay, if there is one; else the function."""
        if kind.recording is not None:
            return kind.replay(arguments, channels)
        return self._function(*arguments, self._w, channels)

    async def _record(
        self, kind: _Kind, arguments: Sequence[Tensor], channels: Channels
    ) -> dict[str, Tensor]:
        """The function's call, written down."""
        self._give_back_memory()  # what is written down goes elsewhere than the results before it
        recorder = Recorder(arguments, self._w.values())
        log = _Log(channels, recorder)
        outputs = await _within(
            recorder.watching, self._function(*recorder.arguments, self._w, log)
        )
        recorder.returned(outputs)
        kind.failure = recorder.failure
        kind.candidate = recorder.recording if kind.failure is None else None
        return outputs

    async def _compare(
        self, kind: _Kind, arguments: Sequence[Tensor], channels: Channels
    ) -> dict[str, Tensor]:
        """A call as usual, and beside it a replay of the candidate."""
        replay = kind.begun_replay()
        if replay is None:
            return await self._usual(kind, arguments, channels)
        self._give_back_memory()
        comparison = Comparison(channels, replay, arguments, is_close=kind.recording is not None)
        outputs = await self._usual(kind, arguments, comparison)
        kind.decide(replay if comparison.is_alike(outputs) else None)
        return outputs

    def _settle(self, kind: _Kind) -> None:
        """After a call that was recorded or compared."""
        if kind.recording is not None:
            for weight in self._w.values():
                if isinstance(weight, PrimitiveWeight):
                    weight.primitives.clear()  # the recording has those that it needs
            if kind.is_decided():
                kind.gather_weights()
        self._give_back_memory()

    def _give_back_memory(self) -> None:
        """What is free, and weights of which primitives have copies."""
        weights = self._w.values()
        let_go_of_file_pages([w.plain() for w in weights if isinstance(w, PrimitiveWeight)])
        give_back_memory()


class _Kind:
    """Calls with the same shapes, strides, dtypes and threads."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        """What gives the same as the function."""
        self.candidate: Recording | None = None
        """What may give the same as it."""
        self.failure: str | None = None
        self._is_first, self._is_busy = True, False
        self._turn: threading.Lock | None = None
        self._free: list[Replay] = []

    def is_decided(self) -> bool:
        """Whether all calls from now on do the same."""
        has_recording = self.recording is not None and self.candidate is None
        return has_recording or self.failure is not None

    def begins_step(self, lock: threading.Lock, turn: threading.Lock) -> bool:
        """Whether this call is to be recorded, or compared; `ends_step` must follow then.

        Two replays are compared only when it is this kind's turn; other calls run as usual.
        """
        if self.is_decided():
            return False
        with lock:
            is_first, self._is_first = self._is_first, False
            if is_first or self._is_busy or self.is_decided():
                return False
            if self.recording is not None:
                if not turn.acquire(blocking=False):
                    return False
                self._turn = turn
            self._is_busy = True
            return True

    def ends_step(self) -> None:
        """The call that was recorded or compared is over, or has failed."""
        turn, self._turn, self._is_busy = self._turn, None, False
        if turn is not None:
            turn.release()

    async def replay(self, arguments: Sequence[Tensor], channels: Channels) -> dict[str, Tensor]:
        """A call from the recording, with memory that no other call uses now."""
        recording = self.recording
        assert recording is not None
        try:
            replay = self._free.pop()
        except IndexError:
            replay = _replay(recording)
        outputs = await replay(arguments, channels)
        if recording is self.recording:
            self._free.append(replay)
        return outputs

    def give_back_replays(self) -> None:
        """Those that no call uses now."""
        self._free.clear()

    def gather_weights(self) -> None:
        """Put them where later replays read them faster."""
        self.give_back_replays()
        give_back_memory()
        if self.recording is not None:
            with torch.no_grad():
                gather_weights(self.recording)

    def begun_replay(self) -> Replay | None:
        """A replay of the candidate; None if there is none, and the matter is decided."""
        library = onednn()
        assert library is not None and self.candidate is not None
        try:
            if self.recording is not None:
                threads = torch.get_num_threads()
                moved = fused(coalesced(self.recording))
                found = banded(joined(moved, library, threads).recording, threads)
                is_other = [*map(id, found.steps)] != [*map(id, self.recording.steps)]
                self.candidate = found if is_other else None
            return None if self.candidate is None else _replay(self.candidate)
        except (RuntimeError, NotImplementedError) as error:
            self._give_up(str(error))
            return None

    def decide(self, replay: Replay | None) -> None:
        """Go on with the candidate if this replay of it has given what it should."""
        if replay is None:
            self._give_up("a replay gives other numbers")
            return
        is_last = self.recording is not None
        self.recording, self._free = self.candidate, [replay]
        self.candidate = None if is_last else self.recording

    def _give_up(self, why: str) -> None:
        """Go on as before."""
        self.candidate = None
        if self.recording is None:
            self.failure = why


class _Log(Channels):
    """The channels of a call that is recorded."""

    def __init__(self, channels: Channels, recorder: Recorder) -> None:
        self._channels, self._recorder = channels, recorder

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self._recorder.sent(value, tensor, to)
        with self._recorder.paused():
            self._channels.send(value, tensor, to=to)

    async def recv(self, value: str, *, source: str) -> Tensor:
        tensor = await _within(self._recorder.paused, self._channels.recv(value, source=source))
        return self._recorder.received(value, source, tensor)


def _replay(recording: Recording) -> Replay:
    return Replay(recording, Block(recording))


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
