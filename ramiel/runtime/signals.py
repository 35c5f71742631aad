"""Short notes through pipes: "the value is there", "begin", "it failed".

A note has a fixed size that divides a page, so that it is written and read whole.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import time
from typing import NamedTuple

from .errors import ModelError

SPIN = 1e-3
"""Seconds to look again before sleeping.  To wake up a sleeping core costs less; but Linux moves
only who is ready to run away from a core that two share, and leaves those that sleep in turns."""
YIELD = getattr(os, "sched_yield", None)
PIPE_SIZE = 65536  # what Linux gives a pipe at first


class Note(NamedTuple):
    """What happened, in which call; and where its parcel lies in the writer's file."""

    kind: int
    number: int
    call: int
    at: int = 0
    size: int = 0


FORMAT = struct.Struct("<II3Q")
BATCH = FORMAT.size * 64


class Line(NamedTuple):
    """One end of where notes go through, as file descriptors.

    Who writes to a pipe hints to Linux that it will sleep next, which then wakes the reader up on
    the writer's core.  A worker goes on instead, and its reader would wait for the core: so who
    sleeps at a line does so at its `alarm`, an eventfd, which hints nothing.
    """

    pipe: int
    alarm: int | None = None


def new_alarm() -> int | None:
    """The descriptor of an alarm; None where the system has none."""
    return os.eventfd(0, os.EFD_NONBLOCK) if hasattr(os, "eventfd") else None


def post(line: Line, note: Note) -> None:
    """Send a note; nothing happens if the reader is gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(line.pipe, FORMAT.pack(*note))
    if line.alarm is not None:
        os.eventfd_write(line.alarm, 1)


def read(pipe: int) -> list[Note] | None:
    """The notes that are there; None: every writer has closed the pipe."""
    try:
        data = os.read(pipe, BATCH)
    except BlockingIOError:
        return []
    return [Note(*fields) for fields in FORMAT.iter_unpack(data)] if data else None


class Bell:
    """A line to wait at."""

    def __init__(self, line: Line) -> None:
        os.set_blocking(line.pipe, False)
        self._pipe, self._alarm = line
        self._poll = select.poll()
        if self._alarm is None:
            self._poll.register(self._pipe, select.POLLIN)
        else:
            self._poll.register(self._alarm, select.POLLIN)
            self._poll.register(self._pipe, 0)  # only the end of its writers

    def wait(self) -> list[Note]:
        """At least one note; none if every writer is gone."""
        while True:
            until = time.perf_counter() + SPIN
            while time.perf_counter() < until:
                notes = read(self._pipe)
                if notes != []:
                    return notes or []
                if YIELD is not None:
                    YIELD()  # whoever else is on this core goes first
            self._poll.poll()
            if self._alarm is not None:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._alarm)  # it may be of a note that was read before


def make_room(pipe: int, notes: int) -> None:
    """Let a pipe hold that many notes, so that sending never waits.  Raises ModelError."""
    needed = notes * FORMAT.size
    if needed <= PIPE_SIZE:
        return
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, needed)
    except (ImportError, AttributeError, OSError) as error:
        raise ModelError(f"no pipe for {notes} messages on this system: use threads") from error
