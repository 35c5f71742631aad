"""Where a recording's buffers lie when it is done again, and in which order what is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .arena import Lifetime, arena
from .recording import Execution, Operation, Receive, Recording, Send, Step, places, places_of


@dataclass(frozen=True)
class Calls:
    """Entries of the table of native calls."""

    start: int
    count: int


@dataclass(frozen=True)
class New:
    """A new tensor for a buffer that others will hold when the call is over."""

    buffer: int


@dataclass(frozen=True)
class Drop:
    """Tensors that no later step needs."""

    buffers: tuple[int, ...]


Action: TypeAlias = Calls | New | Drop | Operation | Send | Receive


@dataclass(frozen=True)
class Memory:
    """The offset in the arena of each buffer that lies there, and of each step's scratchpad."""

    buffers: dict[int, int]
    scratchpads: dict[int, int]
    size: int


def memory_of(recording: Recording) -> Memory:
    """Own buffers that nobody holds afterwards share an arena, by their lifetimes."""
    leaving = recording.leaving()
    inside = {
        buffer: Lifetime(first, last, recording.buffers[buffer].size)
        for buffer, (first, last) in _uses(recording).items()
        if recording.buffers[buffer].is_own and buffer not in leaving
    }
    scratchpads = {
        index: Lifetime(index, index, step.primitive.scratchpad_bytes)
        for index, step in enumerate(recording.steps)
        if isinstance(step, Execution) and step.primitive.scratchpad_bytes
    }
    offsets, size = arena([*inside.values(), *scratchpads.values()])
    return Memory(
        dict(zip(inside, offsets, strict=False)),
        dict(zip(scratchpads, offsets[len(inside) :], strict=True)),
        size,
    )


def actions_of(recording: Recording, memory: Memory) -> list[Action]:
    """The steps in their order, executions in a row at once.

    Tensors are dropped after their last step, except those that the cluster returns.
    """
    returned = {place.buffer for place in places(recording.outputs)}
    uses = {b: use for b, use in _uses(recording).items() if b not in memory.buffers}
    ends: dict[int, list[int]] = {}
    for buffer, (_, last) in uses.items():
        if buffer not in returned:
            ends.setdefault(last, []).append(buffer)
    actions: list[Action] = []
    started = done = 0
    unneeded: list[int] = []
    for index, step in enumerate(recording.steps):
        new = [New(b) for b in _first_written(recording, step, index, uses)]
        if (new or not isinstance(step, Execution)) and done > started:
            actions.append(Calls(started, done - started))
            started = done
        if unneeded and started == done:
            actions.append(Drop(tuple(unneeded)))
            unneeded = []
        actions += new
        if isinstance(step, Execution):
            done += 1
        else:
            actions.append(step)
        unneeded += ends.get(index, [])
    if done > started:
        actions.append(Calls(started, done - started))
    return actions


def _first_written(
    recording: Recording, step: Step, index: int, uses: dict[int, tuple[int, int]]
) -> Iterator[int]:
    """The buffers in tensors of their own that begin with this step."""
    for buffer in {place.buffer: None for place in places_of(step)}:
        if buffer in uses and uses[buffer][0] == index and recording.buffers[buffer].is_own:
            yield buffer


def _uses(recording: Recording) -> dict[int, tuple[int, int]]:
    """The first and the last step of each buffer that is used."""
    uses: dict[int, tuple[int, int]] = {}
    for index, step in enumerate(recording.steps):
        for place in places_of(step):
            first, _ = uses.get(place.buffer, (index, index))
            uses[place.buffer] = first, index
    return uses
