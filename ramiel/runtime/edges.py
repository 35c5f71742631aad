"""Parcels between ranks, through gloo: the ends of one edge.

An edge has a tag of its own and carries its parcels in order.  Where the size is known, the
receiver has one buffer and asks for the next parcel before it is sent; where it is not, only for
the size, 8 bytes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import torch.distributed as dist

from .errors import ChannelError, ModelError
from .packing import LENGTH, Memory, Parcel, unpack
from .program import Message

HEAD = 1024  # bytes for a parcel's skeleton, beside the elements of a tensor


class LostRank(ModelError):
    """A rank cannot be reached any more, or has not answered in time."""

    def __init__(self, rank: int, reason: str) -> None:
        super().__init__(rank, reason)
        self.rank = rank
        self.reason = reason

    def __str__(self) -> str:
        return f"rank {self.rank} has disappeared, or did not answer in time ({self.reason})"


def capacity(message: Message) -> int | None:
    """The bytes of a message's parcel at most; None: not known before."""
    return None if message.size is None else HEAD + message.size


class Outgoing:
    """The sender's end of an edge."""

    def __init__(self, rank: int, edge: int, capacity: int | None = None) -> None:
        self._rank = rank
        self._tag = 2 * edge
        self._capacity = capacity
        self._memory: Memory | None = None if capacity is None else _memory(capacity)
        self._works: list[tuple[Any, Memory]] = []

    def put(self, *values: Any) -> None:
        """Send values; never waits for the receiver to take them.

        Raises ChannelError if they are larger than the model says, LostRank.
        """
        parcel = Parcel(*values)
        self.flush()  # the parcel of the last call, whose buffer this is
        if self._capacity is not None and parcel.size > self._capacity:
            raise ChannelError(f"a message of {parcel.size} bytes is larger than the model says")
        memory = self._memory if self._memory is not None else _memory(parcel.size)
        parcel.write(memory, 0)
        if self._capacity is None:
            size = _memory(LENGTH.size)
            LENGTH.pack_into(size.view, 0, parcel.size)
            self._send(size, self._tag)
            self._send(memory, self._tag + 1)
        else:
            self._send(memory, self._tag)

    def flush(self) -> None:
        """Wait until everything has left.  Raises LostRank."""
        for work, _ in self._works:
            _wait(work, self._rank, None)
        self._works = []

    def _send(self, memory: Memory, tag: int) -> None:
        try:
            self._works.append((dist.isend(memory.bytes, self._rank, tag=tag), memory))
        except RuntimeError as error:
            raise LostRank(self._rank, str(error)) from error


class Incoming:
    """The receiver's end of an edge."""

    def __init__(self, rank: int, edge: int, capacity: int | None = None) -> None:
        self._rank = rank
        self._tag = 2 * edge
        self._static = capacity is not None
        self._memory = _memory(LENGTH.size if capacity is None else capacity)
        self._work: Any = None

    def post(self) -> None:
        """Ask for the next parcel.  Raises LostRank."""
        if self._work is None:
            self._work = self._receive(self._memory, self._tag)

    @property
    def posted(self) -> bool:
        """Whether a parcel was asked for and not yet taken."""
        return self._work is not None

    def take(self, timeout: timedelta | None = None, *, copy: bool = False) -> list[Any]:
        """Wait for the parcel: its values, views good until the next `post`.  Raises LostRank."""
        work, self._work = self._work, None
        _wait(work, self._rank, timeout)
        if self._static:
            return unpack(self._memory, 0, copy=copy)
        body = _memory(LENGTH.unpack_from(self._memory.view, 0)[0])
        _wait(self._receive(body, self._tag + 1), self._rank, timeout)
        return unpack(body, 0)

    def _receive(self, memory: Memory, tag: int) -> Any:
        try:
            return dist.irecv(memory.bytes, self._rank, tag=tag)
        except RuntimeError as error:
            raise LostRank(self._rank, str(error)) from error


def _wait(work: Any, rank: int, timeout: timedelta | None) -> None:
    try:
        work.wait() if timeout is None else work.wait(timeout)
    except RuntimeError as error:
        raise LostRank(rank, str(error).splitlines()[0]) from error


def _memory(size: int) -> Memory:
    return Memory(bytearray(-(-size // 64) * 64))
