"""Where a recording's buffers lie when it is done again, and in which order what is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .arena import Lifetime, arena
from .huge_pages import block
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


Key: TypeAlias = tuple[str, str]
"""A message to one cluster or from it: the value, and the other cluster."""


class Block:
    """The memory of one replay: own buffers that nobody holds afterwards, and scratchpads.

    They share bytes by their lifetimes.
    """

    def __init__(
        self,
        recording: Recording,
        neighbours: Collection[Key] = (),
        ends: Mapping[int, int] | None = None,
    ) -> None:
        """`neighbours`: the messages that are no more than a place in this memory.

        `ends`: the step that ends the lifetime of a buffer which is in them, not only its own uses.
        """
        self.offsets: dict[int, int] = {}
        self.scratchpads: dict[int, int] = {}
        """By the number of the step."""
        leaving = recording.leaving(neighbours)
        lifetimes: list[Lifetime] = []
        for buffer, (first, *later) in recording.uses().items():
            if recording.buffers[buffer].is_own and buffer not in leaving:
                end = max(first, *later, (ends or {}).get(buffer, first))
                self.offsets[buffer] = len(lifetimes)
                lifetimes.append(Lifetime(first, end, recording.buffers[buffer].size))
        for index, step in enumerate(recording.steps):
            if isinstance(step, Execution) and step.primitive.scratchpad_bytes:
                self.scratchpads[index] = len(lifetimes)
                lifetimes.append(Lifetime(index, index, step.primitive.scratchpad_bytes))
        offsets, size = arena(lifetimes)
        for places_in in (self.offsets, self.scratchpads):
            places_in.update({key: offsets[number] for key, number in places_in.items()})
        self.data = block(size)


def actions_of(
    recording: Recording,
    inside: Collection[int],
    is_native: Callable[[Step], bool],
    in_rows: bool = True,
) -> list[Action]:
    """The steps in their order, native ones in a row at once, if `in_rows`.

    Tensors of buffers that are not `inside` the memory of replays are made before their first
    step, and dropped after their last one, except those that the cluster returns.
    """
    returned = {place.buffer for place in places(recording.outputs)}
    uses = {b: numbers for b, numbers in recording.uses().items() if b not in inside}
    ends: dict[int, list[int]] = {}
    for buffer, numbers in uses.items():
        if buffer not in returned:
            ends.setdefault(numbers[-1], []).append(buffer)
    actions: list[Action] = []
    started = done = 0
    unneeded: list[int] = []
    for index, step in enumerate(recording.steps):
        new = [New(b) for b in _first_written(recording, step, index, uses)]
        if (new or not in_rows or not is_native(step)) and done > started:
            actions.append(Calls(started, done - started))
            started = done
        if unneeded and started == done:
            actions.append(Drop(tuple(unneeded)))
            unneeded = []
        actions += new
        if is_native(step):
            done += 1
        elif not isinstance(step, Execution):
            actions.append(step)
        unneeded += ends.get(index, [])
    if done > started:
        actions.append(Calls(started, done - started))
    return actions


def _first_written(
    recording: Recording, step: Step, index: int, uses: dict[int, list[int]]
) -> Iterator[int]:
    """The buffers in tensors of their own that begin with this step."""
    for buffer in {place.buffer: None for place in places_of(step)}:
        if buffer in uses and uses[buffer][0] == index and recording.buffers[buffer].is_own:
            yield buffer
