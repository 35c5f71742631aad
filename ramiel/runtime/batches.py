"""A batch as samples that share the workers: each worker runs its list of (stage, sample).

To an executor a worker is a cluster, and a message of one sample is a message: so every executor
runs a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import torch
from torch import Tensor

from .channels import Channels
from .errors import InputError
from .model import ParallelModel
from .program import Cluster, Message
from .weights import Weights

StageFunction: TypeAlias = Callable[..., Coroutine[Any, Any, dict[str, Any]]]
Layouts: TypeAlias = Callable[[Weights], dict[str, Tensor]]
Home: TypeAlias = Mapping[tuple[str, int], str]
"""The worker that runs a cluster for a sample."""


@dataclass(frozen=True)
class Stage:
    """What a cluster computes between two waits: `f(*reads, w, channels)`.

    `reads` are inputs of the model, and what earlier stages of the cluster returned.  A stage
    returns what later ones read, and outputs of the model.
    """

    function: StageFunction
    cluster: str
    reads: tuple[str, ...] = ()


Schedule: TypeAlias = Sequence[tuple[StageFunction, int]]


class BatchModel(ParallelModel):
    """A model that is called with `samples` samples at once, which share its workers.

    A subclass says of one sample which `stages` and `messages` its clusters have; what each worker
    runs in which order; and which inputs are `split` along axis 0, each sample its part.  The
    outputs of the samples are concatenated along axis 0.
    """

    samples: ClassVar[int] = 1
    split: ClassVar[Sequence[str]] = ()
    stages: ClassVar[Sequence[Stage]] = ()
    messages: ClassVar[Sequence[Message]] = ()
    schedules: ClassVar[Sequence[Schedule]] = ()
    layouts: ClassVar[Mapping[str, Layouts]] = {}
    """For clusters whose kernels want weights in other layouts: what makes those."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Make a cluster of each worker."""
        super().__init_subclass__(**arguments)
        if "schedules" not in vars(cls):
            return
        home = {
            (stage.cluster, sample): f"worker_{index}"
            for index, schedule in enumerate(cls.schedules)
            for stage, sample in _runs(cls.stages, schedule)
        }
        cls.clusters = tuple(
            _cluster(cls, f"worker_{index}", home, schedule)
            for index, schedule in enumerate(cls.schedules)
        )
        cls.channels = tuple(
            Message(
                message_name(message.value, message.destination, sample),
                home[message.source, sample],
                home[message.destination, sample],
                message.dtype,
                message.shape,
            )
            for sample in range(cls.samples)
            for message in cls.messages
            if home[message.source, sample] != home[message.destination, sample]
        )

    def _call(
        self, tensors: Sequence[object], named: Mapping[str, object]
    ) -> tuple[dict[str, Any], Weights]:
        """See ParallelModel.  Raises InputError if an input cannot be split."""
        arguments, w = super()._call(tensors, named)
        for name in self.split:
            length = len(arguments[name])
            if length % self.samples:
                raise InputError(
                    f"input {name!r}: axis 0 must be a multiple of {self.samples}, the number of "
                    f"samples, got {length}"
                )
        return arguments, w

    def _outputs(self, results: Mapping[str, Any]) -> Any:
        """The outputs of all samples, concatenated."""
        samples = range(self.samples)
        return super()._outputs(
            {
                name: torch.cat([results[sample_name(name, sample)] for sample in samples])
                for name in self.outputs
                if all(sample_name(name, sample) in results for sample in samples)
            }
        )


def sample_name(name: str, sample: int) -> str:
    """A sample's part of an output."""
    return f"{name}[{sample}]"


def message_name(value: str, destination: str, sample: int) -> str:
    """A sample's message to a cluster."""
    return f"{value}[{sample}] for {destination}"


def _runs(stages: Sequence[Stage], schedule: Schedule) -> Iterable[tuple[Stage, int]]:
    by_function = {stage.function: stage for stage in stages}
    return [(by_function[function], sample) for function, sample in schedule]


def _cluster(
    model: type[BatchModel], name: str, home: dict[tuple[str, int], str], schedule: Schedule
) -> Cluster:
    """A worker, as executors see it."""
    runs = tuple(_runs(model.stages, schedule))
    read = {value for stage, _ in runs for value in stage.reads}
    reads = tuple(declared.name for declared in model.inputs if declared.name in read)
    layouts = {
        cluster: model.layouts[cluster]
        for cluster in dict.fromkeys(stage.cluster for stage, _ in runs)
        if cluster in model.layouts
    }
    split = tuple(value for value in reads if value in model.split)
    worker = Worker(name, runs, reads, split, model.samples, tuple(model.outputs), home, layouts)
    return WorkerCluster(worker, reads, prepare=worker.prepare if layouts else None)


@dataclass(frozen=True)
class Worker:
    """The coroutine function of one worker: its stages in order, each for its sample."""

    name: str
    runs: tuple[tuple[Stage, int], ...]
    reads: tuple[str, ...]
    split: tuple[str, ...]
    samples: int
    outputs: tuple[str, ...]
    home: Home
    layouts: Mapping[str, Layouts]

    async def __call__(self, *arguments: Any) -> dict[str, Tensor]:
        """The outputs of the samples, as far as they are computed here."""
        *inputs, w, channels = arguments
        given = dict(zip(self.reads, inputs, strict=True))
        weights = self._weights_of_clusters(w)
        last_run = {(stage.cluster, sample): i for i, (stage, sample) in enumerate(self.runs)}
        kept: dict[tuple[str, int], dict[str, Any]] = {}
        local: dict[str, Any] = {}
        outputs: dict[str, Tensor] = {}
        for index, (stage, sample) in enumerate(self.runs):
            key = stage.cluster, sample
            if key not in kept:
                kept[key] = self._part(given, sample)
            values = kept[key]
            ends = SampleChannels(self, channels, local, stage.cluster, sample)
            found = await stage.function(
                *[values[name] for name in stage.reads], weights.get(stage.cluster, w), ends
            )
            values.update(found)
            for name in self.outputs:
                if name in found:
                    outputs[sample_name(name, sample)] = found[name]
            if last_run[key] == index:
                del kept[key]  # the memory of what only this sample's cluster reads
        return outputs

    def prepare(self, w: Weights) -> dict[str, Tensor]:
        """The weights in other layouts, for each cluster its own."""
        return {
            f"{cluster}: {name}": tensor
            for cluster, layouts in self.layouts.items()
            for name, tensor in layouts(w).items()
        }

    def _weights_of_clusters(self, w: Weights) -> dict[str, Weights]:
        """The weights as each cluster with layouts of its own finds them."""
        found: dict[str, Weights] = {}
        for cluster in self.layouts:
            prefix = f"{cluster}: "
            own = {n.removeprefix(prefix): t for n, t in w.items() if n.startswith(prefix)}
            found[cluster] = Weights({**w, **own})
        return found

    def _part(self, given: Mapping[str, Any], sample: int) -> dict[str, Any]:
        """The inputs of one sample."""
        parts = dict(given)
        for name in self.split:
            length = len(given[name]) // self.samples
            parts[name] = given[name][sample * length : (sample + 1) * length]
        return parts


@dataclass(frozen=True)
class WorkerCluster(Cluster):
    """A worker, as executors see it."""

    @property
    def worker(self) -> Worker:
        """The function, as what it is."""
        return cast(Worker, self.function)

    @property
    def name(self) -> str:
        """The worker's name."""
        return self.worker.name

    @property
    def module(self) -> str:
        """The module that its stages are in."""
        return self.worker.runs[0][0].function.__module__

    @property
    def source(self) -> str:
        """The file that its stages are in."""
        return self.worker.runs[0][0].function.__code__.co_filename


class SampleChannels:
    """What a stage sees of its cluster's channels: those of one sample."""

    def __init__(
        self,
        worker: Worker,
        channels: Channels,
        local: dict[str, Any],
        cluster: str,
        sample: int,
    ) -> None:
        """`local` holds messages between clusters that this worker runs itself."""
        self._worker = worker
        self._channels = channels
        self._local = local
        self._cluster = cluster
        self._sample = sample

    def send(self, value: str, tensor: Tensor, *, to: str) -> None:
        """Hand a value to the cluster `to` of this sample, see Channels.send."""
        name = message_name(value, to, self._sample)
        home = self._worker.home[to, self._sample]
        if home == self._worker.name:
            self._local[name] = tensor
        else:
            self._channels.send(name, tensor, to=home)

    async def recv(self, value: str, *, source: str) -> Tensor:
        """Wait for a value from the cluster `source` of this sample, see Channels.recv."""
        name = message_name(value, self._cluster, self._sample)
        home = self._worker.home[source, self._sample]
        if home == self._worker.name:
            return self._local.pop(name)
        return await self._channels.recv(name, source=home)
