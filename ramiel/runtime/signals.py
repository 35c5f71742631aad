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

SPIN = 30e-6
"""Seconds to look again before sleeping: to wake up a sleeping core costs more."""
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


def post(pipe: int, note: Note) -> None:
    """Send a note; nothing happens if the reader is gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, FORMAT.pack(*note))


def read(pipe: int) -> list[Note] | None:
    """The notes that are there; None: every writer has closed the pipe."""
    try:
        data = os.read(pipe, BATCH)
    except BlockingIOError:
        return []
    return [Note(*fields) for fields in FORMAT.iter_unpack(data)] if data else None


class Bell:
    """A pipe to wait at."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)

    def wait(self) -> list[Note]:
        """At least one note; none if every writer is gone."""
        until = time.perf_counter() + SPIN
        while time.perf_counter() < until:
            notes = read(self._pipe)
            if notes != []:
                return notes or []
        self._poll.poll()
        return read(self._pipe) or []


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
