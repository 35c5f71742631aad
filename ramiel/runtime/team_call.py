"""A call whose clusters run on the threads of one OpenMP team, see team.py.

At most one cluster is as wide as the team: it runs on the calling thread, and its operators on the
whole team.  The others are lanes, one core wide, which run side by side while the wide one waits
for them.  A lane whose message can only come from the wide cluster is put aside: its coroutine
yields, and goes on when the lanes run again.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Coroutine, Generator, Mapping, Sequence
from typing import Any, TypeAlias

from torch import Tensor

from .call import Call
from .channels import Channels
from .errors import CallAborted, ChannelError
from .preparation import Preparation
from .program import Cluster, Program
from .source_map import cluster_error
from .team import has_team, run_on_team
from .weights import Weights

Key: TypeAlias = tuple[str, str, str]  # value, source, destination


def team_size(program: Program) -> int | None:
    """The threads of the team that runs a program; None: each cluster takes a thread of its own.

    Lanes alone are quicker so: no operator's threads are in their way.
    """
    wide = [cluster.width for cluster in program.clusters if cluster.width > 1]
    lanes = len(program.clusters) - len(wide)
    if len(wide) != 1 or not 1 <= lanes <= wide[0] or not has_team(wide[0]):
        return None
    return wide[0]


class Mail:
    """The messages of one call, and which lanes wait for one.

    `inbox[lane]` gets True when the message is there, False when no lane that runs can send it.
    """

    def __init__(self, call: Call, lanes: Sequence[str]) -> None:
        self.call = call
        self._lock = threading.Lock()
        self._arrived: dict[Key, Tensor] = {}
        self._waiting: dict[str, Key] = {}
        self._running = 0
        self.lanes = lanes

    def start(self, lanes: int) -> None:
        """So many lanes run from now on."""
        self._running = lanes

    def put(self, key: Key, tensor: Tensor) -> None:
        """Leave a message; a lane that waits for it goes on."""
        with self._lock:
            self._arrived[key] = tensor
            lane = key[2]
            if self._waiting.get(lane) == key:
                del self._waiting[lane]
                self._running += 1
                self.call.inboxes[lane].put(True)

    def has(self, key: Key) -> bool:
        """Whether a message is there."""
        return key in self._arrived

    def take(self, key: Key) -> Tensor:
        """A message that is there."""
        return self._arrived.pop(key)

    def wait(self, key: Key) -> bool:
        """Wait in a lane for a message; False if no lane that runs can send it."""
        with self._lock:
            if key in self._arrived:
                return True
            self._leave()
            if self._running == 0 or key[1] not in self.lanes:
                return False
            self._waiting[key[2]] = key
        found = self.call.inboxes[key[2]].get()
        if found is None or self.call.aborted:
            raise CallAborted
        return found

    def end(self) -> None:
        """A lane has ended."""
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        self._running -= 1
        if self._running == 0:
            for lane in self._waiting:
                self.call.inboxes[lane].put(False)
            self._waiting.clear()


class TeamChannels(Channels):
    """Messages by reference; a recv that finds none waits in its lane, or is put aside."""

    def __init__(self, program: Program, cluster: str, mail: Mail) -> None:
        super().__init__(program, cluster)
        self._mail = mail
        self._is_lane = cluster in mail.lanes

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        if self._mail.call.aborted:
            raise CallAborted
        self.sending(value, to)
        self._mail.put((value, self.cluster, to), tensor)

    async def recv(self, value: str, *, source: str) -> Tensor:
        self.receiving(value, source)
        key = (value, source, self.cluster)
        while not self._mail.has(key):
            if not self._is_lane or not self._mail.wait(key):
                await _put_aside(key)
            if self._mail.call.aborted:
                raise CallAborted
        return self._mail.take(key)


@types.coroutine
def _put_aside(key: Key) -> Generator[Key, None, None]:
    yield key


class TeamCall:
    """The job of a call's worker: all clusters, see the top of this file."""

    def __init__(
        self,
        call: Call,
        size: int,
        inputs: Mapping[str, Tensor],
        w: Weights,
        preparation: Preparation,
        members: set[int],
    ) -> None:
        """`members` gets the idents of the threads that run clusters."""
        program = call.program
        self._call = call
        self._size = size
        self._inputs, self._w, self._preparation = inputs, w, preparation
        self._members = members
        self._lanes = [cluster for cluster in program.clusters if cluster.width == 1]
        self._wide = [cluster for cluster in program.clusters if cluster.width > 1]
        self._mail = Mail(call, [lane.name for lane in self._lanes])
        self._channels = {
            cluster.name: TeamChannels(program, cluster.name, self._mail)
            for cluster in program.clusters
        }
        self._coroutines: dict[str, Coroutine[Any, Any, dict[str, Tensor]]] = {}
        self._waiting: dict[str, Key | None] = {c.name: None for c in program.clusters}
        """What each cluster that has not ended was put aside for; None: it has not begun."""

    def __call__(self) -> None:
        """Run the clusters in the caller's modes, and report to the call."""
        call = self._call
        while self._waiting and not call.aborted:
            if not any(map(self._can_run, self._waiting)):
                call.end(self._deadlock())
                break
            for cluster in self._wide:
                if cluster.name in self._waiting:
                    self._run(cluster)
            lanes = [lane for lane in self._lanes if lane.name in self._waiting]
            if any(self._can_run(lane.name) for lane in lanes) and not call.aborted:
                self._run_lanes(lanes)
        for coroutine in self._coroutines.values():
            coroutine.close()

    def _run_lanes(self, lanes: Sequence[Cluster]) -> None:
        self._mail.start(len(lanes))

        def work(member: int) -> None:
            if member < len(lanes):
                self._run(lanes[member])

        run_on_team(self._size, work)

    def _run(self, cluster: Cluster) -> None:
        """Go on with a cluster until it is put aside or ends."""
        call, name = self._call, cluster.name
        self._members.add(threading.get_ident())
        try:
            with call.modes.entered():
                wanted = self._coroutine(cluster).send(None)
            if not isinstance(wanted, tuple):
                raise ChannelError("a cluster can await nothing but channels.recv")
            self._waiting[name] = wanted
            return
        except StopIteration as end:
            self._end(cluster, end.value)
        except CallAborted:
            pass
        except BaseException as error:
            call.end(cluster_error(cluster, error))
        del self._waiting[name]
        if name in self._mail.lanes:
            self._mail.end()

    def _coroutine(self, cluster: Cluster) -> Coroutine[Any, Any, dict[str, Tensor]]:
        coroutine = self._coroutines.get(cluster.name)
        if coroutine is None:
            coroutine = self._preparation.started(
                cluster, self._inputs, self._w, self._channels[cluster.name]
            )
            self._coroutines[cluster.name] = coroutine
        return coroutine

    def _end(self, cluster: Cluster, outputs: dict[str, Tensor]) -> None:
        try:
            self._channels[cluster.name].finish()
        except ChannelError as error:
            self._call.end(cluster_error(cluster, error))
        else:
            self._call.add(outputs)

    def _can_run(self, name: str) -> bool:
        key = self._waiting[name]
        return key is None or self._mail.has(key)

    def _deadlock(self) -> ChannelError:
        waits = [f"{key[2]} for {key[0]!r} from {key[1]}" for key in self._waiting.values() if key]
        return ChannelError(f"{self._call.program.name}: deadlock: {', '.join(waits)}")
