"""The worker processes of a model, as their caller sees them."""

from __future__ import annotations

import contextlib
import os
import select
import signal

from .errors import ClusterError
from .executor import Options
from .launch import WorkerProcess, fork, spawn
from .process_worker import Ends, serve
from .program import Program
from .shared_memory import Inbox, Outbox, new_file
from .signals import Line, Note, make_room, new_alarm, post, read


class Pool:
    """One process per cluster, all started together and ended together.

    A worker owns nothing that outlives it, so that it may be killed at any time: the memory that
    processes share has no name, and pipes are only their descriptors.
    """

    def __init__(self, program: Program, options: Options) -> None:
        """Start the workers.  Raises ModelError if that is not possible."""
        self.program = program
        self.processes: list[WorkerProcess] = []
        self._open: set[int] = set()
        try:
            self._start(options)
        except BaseException:
            self.stop()
            raise

    def _start(self, options: Options) -> None:
        count = len(self.program.clusters)
        self._process = os.getpid()
        files = [self._own(new_file()) for _ in range(1 + count)]
        bells = [self._pipe() for _ in range(count)]
        alarms = [self._alarm() for _ in range(count)]
        answers = [self._pipe() for _ in range(count)]
        for cluster, (_, bell) in zip(self.program.clusters, bells, strict=True):
            make_room(bell, 64 + 8 * len(self.program.receives[cluster.name]))
        self._bells = [Line(write, a) for (_, write), a in zip(bells, alarms, strict=True)]
        for index in range(count):
            bell = Line(bells[index][0], alarms[index])
            ends = Ends(files, bell, self._bells, Line(answers[index][1]))
            arguments = (self.program, index, ends, options.file, options.keep_memory)
            if options.start_method == "fork":
                process, lifeline = fork(serve, arguments, ends.all(), self._open)
            else:
                process, lifeline = spawn(serve, arguments, ends.all(), self.program.name)
            self.processes.append(process)
            self._own(lifeline)
        for read_end, _ in bells:
            self._close(read_end)
        for _, write_end in answers:
            self._close(write_end)
        self._answers = {read_end: index for index, (read_end, _) in enumerate(answers)}
        self._poll = select.poll()
        for read_end in self._answers:
            os.set_blocking(read_end, False)
            self._poll.register(read_end, select.POLLIN)
        self.outbox = Outbox(files[0])
        self.inboxes = [Inbox(file) for file in files[1:]]

    def post(self, note: Note) -> None:
        """Tell all workers."""
        for bell in self._bells:
            post(bell, note)

    def listen(self, timeout: float | None) -> list[Note]:
        """Wait for notes of the workers; none after `timeout` seconds.

        Raises ClusterError if a worker has ended.
        """
        milliseconds = None if timeout is None else max(0.0, timeout * 1e3)
        notes: list[Note] = []
        for answer, _ in self._poll.poll(milliseconds):
            found = read(answer)
            if found is None:
                raise self._ended(self._answers[answer])
            notes += found
        return notes

    def alive(self) -> bool:
        """Whether every worker runs."""
        return all(process.poll() is None for process in self.processes)

    def kill(self) -> None:
        """End the workers, wherever they are."""
        for process in list(self.processes):
            process.kill()

    def stop(self) -> None:
        """End the workers and let go of everything; in a forked child, only let go."""
        if os.getpid() == self._process:
            self.kill()
            for process in self.processes:
                process.wait()
        self.processes.clear()
        for file in list(self._open):
            self._close(file)

    def _ended(self, index: int) -> ClusterError:
        code = self.processes[index].wait()
        how = f"exit code {code}" if code >= 0 else f"killed by {_signal(-code)}"
        name = self.program.clusters[index].name
        return ClusterError(name, f"its worker process has ended ({how})", None)

    def _own(self, file: int) -> int:
        self._open.add(file)
        return file

    def _pipe(self) -> tuple[int, int]:
        read_end, write_end = os.pipe()
        return self._own(read_end), self._own(write_end)

    def _alarm(self) -> int | None:
        alarm = new_alarm()
        return None if alarm is None else self._own(alarm)

    def _close(self, file: int) -> None:
        self._open.discard(file)
        with contextlib.suppress(OSError):
            os.close(file)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
