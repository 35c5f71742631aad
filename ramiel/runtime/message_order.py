"""Which steps of neighbours are over when a cluster has received a message: vector clocks.

Mattern, Virtual Time and Global States of Distributed Systems (1989).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from .program import Message
from .recording import Receive, Recording, Send

Clock: TypeAlias = dict[str, int]
"""For each cluster, how many of its steps are over."""


class MessageOrder:
    """What each cluster knows of the others at each of its steps, from messages alone."""

    def __init__(self, messages: Sequence[Message], recordings: Mapping[str, Recording]) -> None:
        names = {(m.source, m.value, m.destination) for m in messages}
        self._recordings = recordings
        self._stamps: dict[tuple[str, str, str], Clock] = {}
        self._clocks: dict[str, Clock] = {name: {} for name in recordings}
        self._known: dict[str, list[tuple[int, Clock]]] = {name: [] for name in recordings}
        position = dict.fromkeys(recordings, 0)
        moved = True
        while moved:
            moved = False
            for name in recordings:
                before = position[name]
                position[name] = self._advance(name, before, names)
                moved = moved or position[name] > before

    def end_of(self, name: str, other: str, step: int) -> int | None:
        """The first step of a cluster after which that step of another one is over; None: none."""
        known = self._known[name]
        found = bisect_right(known, step, key=lambda entry: entry[1].get(other, 0))
        return known[found][0] if found < len(known) else None

    def _advance(self, name: str, start: int, names: set[tuple[str, str, str]]) -> int:
        """Take the steps up to a message that has not been sent yet."""
        clock = self._clocks[name]
        steps = self._recordings[name].steps
        for index in range(start, len(steps)):
            match steps[index]:
                case Send(value, _, to) if (name, value, to) in names:
                    self._stamps[name, value, to] = {**clock, name: index}
                case Receive(value, source) if (source, value, name) in names:
                    stamp = self._stamps.get((source, value, name))
                    if stamp is None:
                        return index
                    for other, over in stamp.items():
                        clock[other] = max(over, clock.get(other, 0))
                    self._known[name].append((index, dict(clock)))
                case _:
                    continue
        return len(steps)
