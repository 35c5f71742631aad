"""A worker process: one cluster of a model, call after call."""

from __future__ import annotations

import pickle
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .channels import Channels, run_blocking
from .errors import CallAborted, ClusterError
from .memory import keep_freed_memory
from .packing import flat, paired
from .preparation import Preparation
from .program import Program
from .shared_memory import Inbox, Outbox
from .signals import Bell, Line, Note, post
from .source_map import cluster_error
from .weights import Weights, WeightsFile

# Kinds of notes.  To a worker: a message from another one; and from the caller, the others.
MESSAGE, BEGIN, ABORT, WEIGHTS = range(4)
# To the caller, from a worker.
READY, OUTPUTS, ERROR, LEFT = range(4)


@dataclass(frozen=True)
class Ends:
    """A worker's ends of everything, as file descriptors: shared-memory files and pipes."""

    files: Sequence[int]
    """The caller's, then each cluster's."""
    bell: Line
    """To read from: this worker's notes."""
    bells: Sequence[Line]
    """To write to: each cluster's notes."""
    caller: Line
    """To write to: the caller's notes."""

    def all(self) -> set[int]:
        """All of them."""
        ends = [end for line in (self.bell, *self.bells, self.caller) for end in line]
        return {*self.files, *(end for end in ends if end is not None)}


@dataclass(frozen=True)
class Failure:
    """What the caller hears of an error: the fields of ClusterError, and the pickled cause."""

    fields: tuple[Any, ...]
    cause: bytes
    trace: str


def serve(
    program: Program, cluster: int, ends: Ends, weights: WeightsFile | None, keep_memory: bool
) -> None:
    """Be the worker of a cluster, for ever."""
    if keep_memory:
        keep_freed_memory()
    torch.set_num_threads(program.clusters[cluster].width)
    worker = Worker(program, cluster, ends)
    try:
        worker.map(weights)
    except Exception as error:
        worker.report(ERROR, 0, (0, "error"), _failure(program.clusters[cluster], error))
        return
    worker.report(READY, 0, (0, "ready"))
    while True:
        worker.run(worker.next_call())


class Worker:
    """One cluster's worker.  Calls are taken in the order in which they begin."""

    def __init__(self, program: Program, cluster: int, ends: Ends) -> None:
        self.program = program
        self.cluster = program.clusters[cluster]
        self.index = cluster
        self._bell = Bell(ends.bell)
        self._bells = ends.bells
        self._caller = ends.caller
        self._inboxes = [Inbox(file) for file in ends.files]
        self._outbox = Outbox(ends.files[1 + cluster])
        self._numbers = {name: i for i, name in enumerate(c.name for c in program.clusters)}
        messages = enumerate(program.messages)
        self._messages = {(m.value, m.source, m.destination): i for i, m in messages}
        self._sources = [1 + self._numbers[message.source] for message in program.messages]
        self._mapped: dict[str, Tensor] = {}
        self._weights = Weights()
        self._preparation = Preparation()
        self._begun: deque[Note] = deque()
        self._arrived: dict[int, dict[int, Note]] = {}
        self._aborted: set[int] = set()
        self._done = 0

    def map(self, file: WeightsFile | None) -> None:
        """Map the weights that are in the file.  Raises WeightsError."""
        if file is not None:
            self._mapped = file.map_again()
        self._weights = Weights(self._mapped)

    def next_call(self) -> Note:
        """Wait for the next call."""
        while not self._begun:
            self._listen()
        return self._begun.popleft()

    def run(self, begin: Note) -> None:
        """The cluster's part of a call; an error is reported, and the next call can come."""
        call, slot = begin.call, begin.number  # no other call uses this slot now
        try:
            self._check(call)
            modes, *rest = self._inboxes[0].get(begin.at, begin.size)
            inputs = paired(rest)
            channels = _Channels(self, call, slot)
            with modes.entered():
                outputs = run_blocking(
                    self._preparation.started(self.cluster, inputs, self._weights, channels)
                )
            channels.finish()
            self.report(OUTPUTS, call, (slot, "outputs"), *flat(outputs))
        except CallAborted:
            post(self._caller, Note(LEFT, self.index, call))
        except BaseException as error:
            self.report(ERROR, call, (slot, "error"), _failure(self.cluster, error))
        self._done = call
        self._arrived = {at: notes for at, notes in self._arrived.items() if at > call}
        self._aborted = {at for at in self._aborted if at > call}

    def report(self, kind: int, call: int, slot: tuple[int, str], *values: object) -> None:
        """Send values to the caller."""
        at, size = self._outbox.put(slot, *values)
        post(self._caller, Note(kind, self.index, call, at, size))

    def send(self, call: int, slot: int, key: tuple[str, str, str], value: Any) -> None:
        """Send a message to another cluster."""
        message = self._messages[key]
        at, size = self._outbox.put((slot, message), value)
        post(self._bells[self._numbers[key[2]]], Note(MESSAGE, message, call, at, size))

    def receive(self, call: int, key: tuple[str, str, str]) -> Any:
        """Wait for a message.  Raises CallAborted if the call has ended elsewhere."""
        message = self._messages[key]
        arrived = self._arrived.setdefault(call, {})
        while message not in arrived:
            self._check(call)
            self._listen()
        note = arrived.pop(message)
        [value] = self._inboxes[self._sources[message]].get(note.at, note.size)
        return value

    def _check(self, call: int) -> None:
        if call in self._aborted:
            raise CallAborted

    def _listen(self) -> None:
        """Take what comes, also for later calls; what comes for earlier ones is too late."""
        for note in self._bell.wait():
            if note.kind == WEIGHTS:
                changed = paired(self._inboxes[0].get(note.at, note.size))
                self._weights = Weights(self._mapped | changed)
                self._preparation = Preparation()
            elif note.call <= self._done:
                continue
            elif note.kind == BEGIN:
                self._begun.append(note)
            elif note.kind == ABORT:
                self._aborted.add(note.call)
            else:
                self._arrived.setdefault(note.call, {})[note.number] = note


class _Channels(Channels):
    """Messages in the slots of this call."""

    def __init__(self, worker: Worker, call: int, slot: int) -> None:
        super().__init__(worker.program, worker.cluster.name)
        self._worker = worker
        self._call = call
        self._slot = slot

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self.sending(value, to)
        self._worker.send(self._call, self._slot, (value, self.cluster, to), tensor)

    async def recv(self, value: str, *, source: str) -> Tensor:
        self.receiving(value, source)
        return self._worker.receive(self._call, (value, source, self.cluster))


def _failure(cluster: Any, error: BaseException) -> Failure:
    found: ClusterError = cluster_error(cluster, error)
    try:
        cause = pickle.dumps(error)
        pickle.loads(cause)
    except Exception:  # not every exception can travel; its text is in the reason
        cause = b""
    trace = "".join(traceback.format_exception(error))
    return Failure(found.args, cause, trace)
