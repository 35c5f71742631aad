"""What a schedule runs on: cores that slow each other down, and what messages and calls cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ramiel.scheduling.task_graph import MessageCost


@dataclass(frozen=True)
class Machine:
    """The defaults are ideal: a core for each worker, and nothing but the latency of messages.

    Attributes:
        cores: that workers share; None for as many as there are workers.
        slowdown: how many times longer a task takes while 1, 2, … cores are busy; the last one
            goes for more.
        message: the time from the end of a task to the start of a reader that waits for it.
        send_ns, receive_ns: what of that the sender and the reader spend in time of their own.
        send_ns_per_byte: what the sender spends beside that for each byte, if it copies them.
        call_ns, serial_call_ns: start and end of a call, with several workers and with one.
        linked_ns: a message where all workers have one core and replay what was recorded: it is a
            place in memory; None where that cannot be.

    Raises ValueError for less than one core, a slowdown below 1 and a negative time.

    """

    cores: int | None = None
    slowdown: tuple[float, ...] = (1.0,)
    message: MessageCost = field(default_factory=MessageCost)
    send_ns: int = 0
    receive_ns: int = 0
    send_ns_per_byte: float = 0.0
    call_ns: int = 0
    serial_call_ns: int = 0
    linked_ns: int | None = None

    def __post_init__(self) -> None:
        if self.cores is not None and self.cores < 1:
            raise ValueError(f"a machine has at least one core, not {self.cores}")
        if not self.slowdown or min(self.slowdown) < 1:
            raise ValueError("busy cores cannot make each other faster")
        times = (self.send_ns, self.receive_ns, self.call_ns, self.serial_call_ns)
        times = (*times, self.linked_ns or 0)
        if min(*times, self.send_ns_per_byte) < 0:
            raise ValueError("a message or a call cannot cost less than nothing")

    def of_lanes(self) -> Machine:
        """The machine where all workers have one core."""
        if self.linked_ns is None:
            return self
        own = self.linked_ns // 2
        return replace(
            self,
            message=MessageCost(self.linked_ns, 0.0),
            send_ns=own,
            receive_ns=own,
            send_ns_per_byte=0.0,
            linked_ns=None,
        )

    def slowdown_with(self, busy: int) -> float:
        """How many times longer a task takes while that many cores are busy."""
        return self.slowdown[min(max(busy, 1), len(self.slowdown)) - 1]

    def slowdown_of(self, workers: int) -> float:
        """How many times longer a task takes while that many workers are busy."""
        return self.slowdown_with(workers if self.cores is None else min(workers, self.cores))

    def beside(self, begin: int, cost: int, busy_until: Iterable[int]) -> tuple[int, int]:
        """How long a task takes beside workers that are busy until then, and what they lose by it.

        Both in ns.  As long as k others are busy it runs at a rate of 1 / slowdown of k + 1
        workers, and each of them at that rate instead of 1 / slowdown of k.
        """
        ends = sorted(end for end in busy_until if end > begin)
        now, left, lost = float(begin), float(cost), 0.0
        for others, end in zip(range(len(ends), 0, -1), ends, strict=True):
            slower = self.slowdown_of(others + 1)
            span = min(end - now, left * slower)
            now, left = now + span, left - span / slower
            lost += span * (1 - self.slowdown_of(others) / slower)
        return round(now + left) - begin, round(lost)

    def send(self, size: int) -> int:
        """The part of a message's time in ns that the sender spends."""
        return self.send_ns + round(self.send_ns_per_byte * size)

    def travel(self, size: int) -> int:
        """The part of a message's time in ns that nobody spends: it is on its way."""
        return max(0, self.message.of(size) - self.send(size) - self.receive_ns)

    def call(self, workers: int) -> int:
        """Start and end of a call, in ns."""
        return self.call_ns if workers > 1 else self.serial_call_ns
