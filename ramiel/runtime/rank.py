"""One rank of a distributed model: its clusters, each in a thread, and its ends of the edges.

Rank 0 orders a call, and every other rank answers: its outputs, or what went wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any, cast

import torch.distributed as dist
from torch import Tensor

from .channels import Channels, run_blocking
from .edges import Incoming, LostRank, Outgoing, capacity
from .errors import CallAborted, ClusterError, ModelError
from .modes import CallerModes
from .packing import flat, paired
from .preparation import Preparation
from .program import Cluster, Program
from .source_map import cluster_error
from .weights import Weights
from .workers import Workers

BEGIN, END, DONE, FAILED, ABORTED = "begin", "end", "done", "failed", "aborted"


class Rank:
    """What one rank does."""

    def __init__(self, program: Program, timeout: float | None, preparation: Preparation) -> None:
        self.preparation = preparation
        self.number = dist.get_rank()
        self._program = program
        self._timeout = None if timeout is None else timedelta(seconds=timeout)
        world, count = dist.get_world_size(), len(program.clusters)
        self._rank_of = rank_of = {
            c.name: index * world // count for index, c in enumerate(program.clusters)
        }
        self.clusters = [c for c in program.clusters if rank_of[c.name] == self.number]
        self.outgoing: dict[tuple[str, str, str], Outgoing] = {}
        self.incoming: dict[tuple[str, str, str], Incoming] = {}
        for edge, message in enumerate(program.messages):
            source, to = rank_of[message.source], rank_of[message.destination]
            key = (message.value, message.source, message.destination)
            if source == self.number != to:
                self.outgoing[key] = Outgoing(to, edge, capacity(message))
            if to == self.number != source:
                self.incoming[key] = Incoming(source, edge, capacity(message))
        edge = len(program.messages)
        if self.number:
            self._orders = Incoming(0, edge)
            self._answer = Outgoing(0, edge)
        else:
            self._others = [(r, Outgoing(r, edge), Incoming(r, edge)) for r in range(1, world)]
            self._reads = {
                other: {
                    name for c in program.clusters if rank_of[c.name] == other for name in c.reads
                }
                for other in range(1, world)
            }
        self._workers = Workers([(f"{program.name} {c.name}", c.width) for c in self.clusters])
        self.idents = self._workers.idents
        """Of the threads that run its clusters."""

    def call(self, inputs: Mapping[str, Any], w: Weights) -> dict[str, Any]:
        """A call of rank 0: the outputs.  Raises ClusterError, LostRank."""
        modes = CallerModes()
        for other, orders, answer in self._others:
            answer.post()
            wanted = {name: inputs[name] for name in self._reads[other]}
            orders.put(BEGIN, modes, *flat(wanted))
        outputs, errors = self._work(inputs, modes, w)
        for _, _, answer in self._others:
            try:
                kind, *rest = answer.take(self._timeout)
            except LostRank as error:
                errors.append(error)
                continue
            if kind == DONE:
                outputs |= paired(rest)
            else:
                errors += [_unpacked(*fields) for fields in rest]
        # A lost rank explains what others raised, who waited for it in vain.
        for error in sorted(map(_root, errors), key=lambda error: not isinstance(error, LostRank)):
            raise error
        return outputs

    def clusters_of(self, rank: int) -> str:
        """The clusters that a rank runs."""
        return ", ".join(name for name, at in self._rank_of.items() if at == rank)

    def serve_call(self, w: Weights) -> bool:
        """Take part in a call; False if rank 0 has closed the model.  Raises LostRank."""
        self._orders.post()
        order, *rest = self._orders.take()
        if order == END:
            return False
        outputs, errors = self._work(paired(rest[1:]), rest[0], w)
        if errors:
            self._answer.put(FAILED, *[_packed(error) for error in errors])
        else:
            self._answer.put(DONE, *flat(outputs))
        for error in map(_root, errors):
            if isinstance(error, LostRank):
                raise error
        return True

    def end(self) -> None:
        """Let the others go."""
        for _, orders, _ in self._others:
            try:
                orders.put(END)
                orders.flush()
            except LostRank:
                continue

    def close(self) -> None:
        """Leave the process group."""
        self._workers.stop()
        dist.destroy_process_group()

    def _work(
        self, inputs: Mapping[str, Any], modes: CallerModes, w: Weights
    ) -> tuple[dict[str, Any], list[ModelError]]:
        """Run this rank's clusters: their outputs, and what went wrong."""
        for edge in self.incoming.values():
            edge.post()
        call = _Call(self, self._program, inputs, modes, w)
        for jobs, cluster in zip(self._workers.queues, self.clusters, strict=True):
            jobs.put(partial(call.run, cluster))
        for _ in self.clusters:
            call.ended.get()
        for edge in self.incoming.values():  # what a cluster that failed has not taken
            if edge.posted:
                try:
                    edge.take(self._timeout)
                except LostRank as error:
                    call.errors.append(error)
        return call.outputs, call.errors

    @property
    def timeout(self) -> timedelta | None:
        """Of a receive."""
        return self._timeout


class _Call:
    """The clusters of one rank in one call."""

    def __init__(
        self,
        rank: Rank,
        program: Program,
        inputs: Mapping[str, Any],
        modes: CallerModes,
        w: Weights,
    ) -> None:
        self.rank = rank
        self.program = program
        self.outputs: dict[str, Any] = {}
        self.errors: list[ModelError] = []
        self.ended: SimpleQueue[None] = SimpleQueue()
        self.local: dict[tuple[str, str, str], SimpleQueue[Any]] = {
            (m.value, m.source, m.destination): SimpleQueue() for m in program.messages
        }
        self._inputs = inputs
        self._modes = modes
        self._w = w

    def run(self, cluster: Cluster) -> None:
        """Run a cluster.  However it ends, each of its messages is sent: a value, or that none
        will come."""
        channels = _Channels(self, cluster.name)
        try:
            with self._modes.entered():
                outputs = run_blocking(
                    self.rank.preparation.started(cluster, self._inputs, self._w, channels)
                )
                channels.finish()
                # A received value lies in a buffer that the next call fills again.
                self.outputs |= {name: _kept(value) for name, value in outputs.items()}
        except CallAborted:
            pass
        except BaseException as error:
            self.errors.append(cluster_error(cluster, error))
        finally:
            channels.abandon()
            self.ended.put(None)


class _Channels(Channels):
    """Queues inside a rank, gloo between ranks."""

    def __init__(self, call: _Call, cluster: str) -> None:
        super().__init__(call.program, cluster)
        self._call = call

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        self.sending(value, to)
        try:
            self._put((value, self.cluster, to), None, tensor)
        except BaseException:
            self._unsent.add((value, to))
            raise

    async def recv(self, value: str, *, source: str) -> Tensor:
        self.receiving(value, source)
        key = (value, source, self.cluster)
        edge = self._call.rank.incoming.get(key)
        aborted, *values = (
            self._call.local[key].get() if edge is None else edge.take(self._call.rank.timeout)
        )
        if aborted:
            raise CallAborted
        return values[0]

    def abandon(self) -> None:
        """Tell those who wait for this cluster that nothing more will come."""
        for value, to in self._unsent:
            try:
                self._put((value, self.cluster, to), ABORTED)
            except LostRank:
                continue

    def _put(self, key: tuple[str, str, str], *values: Any) -> None:
        edge = self._call.rank.outgoing.get(key)
        if edge is None:
            self._call.local[key].put(values)
        else:
            edge.put(*values)


def _kept(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    return [_kept(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _root(error: ModelError) -> ModelError:
    """The lost rank behind a cluster's error, if there is one."""
    return error.__cause__ if isinstance(error.__cause__, LostRank) else error


def _packed(error: ModelError) -> tuple[Any, ...]:
    root = _root(error)
    return (type(root).__name__, root.args)


def _unpacked(kind: str, fields: tuple[Any, ...]) -> ModelError:
    if kind == LostRank.__name__:
        return LostRank(*fields)
    return ClusterError(*fields)
