"""The serial executor: every cluster on the calling thread."""

from __future__ import annotations

import time
import types
from collections import deque
from collections.abc import Coroutine, Generator, Mapping
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor

from .channels import Channels
from .errors import CallTimeout, ChannelError, ClosedError
from .executor import Deferred, Executor, Options, PendingCall
from .preparation import Preparation
from .program import Program
from .source_map import cluster_error
from .weights import Weights

Key: TypeAlias = tuple[str, str, str]  # value, source, destination


class SerialExecutor(Executor):
    """Runs a cluster until it must wait, then the next one that need not, in a fixed order.

    Calls share nothing, so several threads may call at once.  The operators use as many threads
    as the caller's PyTorch does.
    """

    overlaps = False

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__(program, options)
        self._closed = False

    def begin(self, inputs: Mapping[str, Tensor], w: Weights) -> PendingCall:
        """A call that runs when its result is asked for."""
        return Deferred(partial(self.run, inputs, w))

    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call, see Executor.run; the timeout is looked at where a cluster waits or ends."""
        if self._closed:
            raise ClosedError(f"{self.program.name} is closed")
        call = _Call(self.program, inputs, w, self.preparation)
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            while call.advance():
                if deadline is not None and time.monotonic() > deadline:
                    raise CallTimeout(f"{self.program.name}: no result in {self.timeout} s")
        finally:
            call.close()
        return call.outputs

    def close(self) -> None:
        """Refuse further calls."""
        self._closed = True
        self.preparation.forget_recordings()


class _Mail:
    """The messages of one call, and which clusters can run: indices, or what they wait for."""

    def __init__(self, clusters: int) -> None:
        self.messages: dict[Key, Tensor] = {}
        self.waiting: dict[Key, int] = {}
        self.runnable = deque(range(clusters))


class _Channels(Channels):
    """Messages in the call's dictionary; a recv that finds none yields what it waits for."""

    def __init__(self, program: Program, cluster: str, mail: _Mail) -> None:
        super().__init__(program, cluster)
        self._mail = mail

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self.sending(value, to)
        key = (value, self.cluster, to)
        self._mail.messages[key] = tensor
        if key in self._mail.waiting:
            self._mail.runnable.append(self._mail.waiting.pop(key))

    async def recv(self, value: str, *, source: str) -> Tensor:
        self.receiving(value, source)
        key = (value, source, self.cluster)
        if key not in self._mail.messages:
            await _wait(key)
        return self._mail.messages.pop(key)


class _Call:
    """One call: a coroutine per cluster."""

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Tensor],
        w: Weights,
        preparation: Preparation,
    ) -> None:
        self.program = program
        self.outputs: dict[str, Tensor] = {}
        self._mail = _Mail(len(program.clusters))
        self._channels = [
            _Channels(program, cluster.name, self._mail) for cluster in program.clusters
        ]
        self._coroutines: list[Coroutine[Any, Any, dict[str, Tensor]]] = [
            preparation.started(cluster, inputs, w, channels)
            for cluster, channels in zip(program.clusters, self._channels, strict=True)
        ]

    def advance(self) -> bool:
        """Run the next cluster until it waits or ends; False when all have ended."""
        mail = self._mail
        if not mail.runnable:
            if mail.waiting:
                waits = [f"{to} for {value!r} from {source}" for value, source, to in mail.waiting]
                raise ChannelError(f"{self.program.name}: deadlock: {', '.join(waits)}")
            return False
        index = mail.runnable.popleft()
        try:
            wanted = self._coroutines[index].send(None)
            if not isinstance(wanted, tuple):
                raise ChannelError("a cluster can await nothing but channels.recv")
            mail.waiting[wanted] = index
        except StopIteration as end:
            self._end(index, end.value)
        except Exception as error:
            raise cluster_error(self.program.clusters[index], error) from error
        return True

    def close(self) -> None:
        """End the clusters that still wait, or never started."""
        for coroutine in self._coroutines:
            coroutine.close()

    def _end(self, index: int, outputs: dict[str, Tensor]) -> None:
        try:
            self._channels[index].finish()
        except ChannelError as error:
            raise cluster_error(self.program.clusters[index], error) from error
        self.outputs.update(outputs)


@types.coroutine
def _wait(key: Key) -> Generator[Key, None, None]:
    yield key
