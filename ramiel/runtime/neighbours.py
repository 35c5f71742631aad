"""Replays of all clusters of a program in one process: messages between them need no interpreter.

A value that one cluster sends lies where the other one reads it, and a semaphore says when.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from torch import Tensor

from .channels import Channels
from .memory import give_back_memory
from .message_order import MessageOrder
from .native_calls import NativeCall
from .onednn import onednn
from .program import Cluster, Message, Program
from .recorded_cluster import RecordedCluster
from .recording import Place, Receive, Recording, Send
from .replay import Links, Replay
from .replay_plan import Block, Key
from .semaphores import Semaphores, functions

Recordings: TypeAlias = Mapping[str, Recording]
"""By the cluster's name."""


class Neighbours:
    """Gives each call of a program replays of its own, if all of its clusters are recorded."""

    def __init__(self, program: Program, recorded: Mapping[str, RecordedCluster]) -> None:
        self._program, self._recorded = program, recorded
        self._free: dict[tuple[int, ...], list[Neighbourhood]] = {}
        self._lock = threading.Lock()
        several = len(program.clusters) > 1 and all(c.recorded for c in program.clusters)
        self._is_possible = several and functions() is not None and onednn() is not None

    def begin(self, call: object, inputs: Mapping[str, Tensor]) -> Neighbourhood | None:
        """What a call with these inputs, in the modes of this thread, may run in."""
        if not self._is_possible or len(self._recorded) < len(self._program.clusters):
            return None
        recordings: dict[str, Recording] = {}
        for cluster in self._program.clusters:
            arguments = [inputs[name] for name in cluster.reads]
            recording = self._recorded[cluster.name].recording_of(arguments, cluster.width)
            if recording is None:
                return None
            recordings[cluster.name] = recording
        key = tuple(map(id, recordings.values()))
        with self._lock:
            free = self._free.get(key)
            if free is None:
                self._free = {key: []}  # of other calls there are few
                free = self._free[key]
            found = free.pop() if free else None
        if found is None:
            for recorded in self._recorded.values():
                recorded.give_back_replays()
            give_back_memory()
            found = Neighbourhood(self._program, recordings, free)
        found.call = call
        return found


class Neighbourhood:
    """Replays for one call at a time, one for each cluster."""

    def __init__(self, program: Program, recordings: Recordings, free: list[Neighbourhood]) -> None:
        """`free`: where it goes when all clusters have ended."""
        self._free = free
        self._ports = {name: _Ports(recording) for name, recording in recordings.items()}
        self._linked = {name: _linked(program, self._ports, name) for name in recordings}
        order = MessageOrder(program.messages, recordings)
        blocks = {
            name: Block(
                recording,
                [(m.value, m.destination) for m in self._linked[name]],
                _ends(self._linked[name], self._ports, order),
            )
            for name, recording in recordings.items()
        }
        every = [message for linked in self._linked.values() for message in linked]
        self._semaphores = Semaphores(len(every))
        self._replays = {
            name: Replay(recording, blocks[name], self._links(name, every, blocks))
            for name, recording in recordings.items()
        }
        self._left = len(recordings)
        self._lock = threading.Lock()
        self.call: object = None
        """The one that runs here now."""

    async def run(
        self, cluster: Cluster, arguments: Sequence[Tensor], channels: Channels
    ) -> dict[str, Tensor]:
        """The cluster's part of the call."""
        for messages in self._linked.values():
            for message in messages:
                if message.source == cluster.name:
                    channels.sending(message.value, message.destination)
                if message.destination == cluster.name:
                    channels.receiving(message.value, message.source)
        outputs = await self._replays[cluster.name](arguments, channels)
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._left, self.call = len(self._replays), None
                self._free.append(self)
        return outputs

    def abandon(self, call: object) -> None:
        """If this call runs here, it has failed: clusters that wait go on, with any numbers."""
        with self._lock:
            if self.call is call:
                self._left, self.call = -1, None  # so nobody uses it again
                self._semaphores.release()

    def _links(self, name: str, every: Sequence[Message], blocks: Mapping[str, Block]) -> Links:
        sends: dict[Key, NativeCall] = {}
        receives: dict[Key, NativeCall] = {}
        inside: dict[int, tuple[Block, int]] = {}
        for number, message in enumerate(every):
            if message.source == name:
                sends[message.value, message.destination] = self._semaphores.post(number)
            if message.destination == name:
                receives[message.value, message.source] = self._semaphores.wait(number)
                place = self._ports[message.source].sent[message.value, name]
                buffer = self._ports[name].received[message.value, message.source]
                block = blocks[message.source]
                inside[buffer] = block, block.offsets[place.buffer] + place.offset
        return Links(sends, receives, inside)


class _Ports:
    """What a recording sends and receives, by the message's value and the other cluster."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.leaving = recording.leaving()
        self.sent: dict[Key, Any] = {}
        self.received: dict[Key, int] = {}
        self.last_step: dict[int, int] = {}
        """Of each buffer, that where it was received included."""
        for number, step in enumerate(recording.steps):
            if isinstance(step, Send):
                self.sent[step.value, step.to] = step.operand
            if isinstance(step, Receive):
                self.received[step.value, step.source] = step.buffer
                self.last_step[step.buffer] = number
        for buffer, numbers in recording.uses().items():
            self.last_step[buffer] = numbers[-1]


def _linked(program: Program, ports: Mapping[str, _Ports], source: str) -> list[Message]:
    """The messages of a cluster that can be places in its memory.

    Nobody may hold them when the call is over, on either side.
    """
    linked = [message for message in program.messages if message.source == source]
    while True:
        keys = [(m.value, m.destination) for m in linked]
        kept = ports[source].recording.leaving(keys)
        fewer = [
            message
            for message in linked
            if _can_be_linked(message, ports[source], ports[message.destination], kept)
        ]
        if len(fewer) == len(linked):
            return linked
        linked = fewer


def _can_be_linked(message: Message, source: _Ports, destination: _Ports, kept: set[int]) -> bool:
    place = source.sent.get((message.value, message.destination))
    buffer = destination.received.get((message.value, message.source))
    if not isinstance(place, Place) or buffer is None or buffer in destination.leaving:
        return False
    made = destination.recording.buffers[buffer]
    same = (place.shape, place.strides, place.dtype) == (made.shape, made.strides, made.dtype)
    return same and source.recording.buffers[place.buffer].is_own and place.buffer not in kept


def _ends(
    messages: Sequence[Message], ports: Mapping[str, _Ports], order: MessageOrder
) -> dict[int, int]:
    """For each buffer that is read in neighbours, the step after which none of them will."""
    ends: dict[int, int] = {}
    for message in messages:
        source, destination = ports[message.source], ports[message.destination]
        buffer = source.sent[message.value, message.destination].buffer
        last = destination.last_step[destination.received[message.value, message.source]]
        end = order.end_of(message.source, message.destination, last)
        end = len(source.recording.steps) if end is None else end
        ends[buffer] = max(end, ends.get(buffer, end))
    return ends
