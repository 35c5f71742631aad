"""What a model says about itself: its clusters, and the messages between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .weights import Weights

ClusterFunction: TypeAlias = Callable[..., Coroutine[Any, Any, dict[str, Tensor]]]


@dataclass(frozen=True)
class Cluster:
    """A cluster function `f(*inputs, w, channels)`, the model inputs that it reads, in order.

    `width` is the number of cores that its operators use.  `prepare` gives the weights that its
    kernels want in another layout than the file's; it is called once.  `recorded`: calls are
    replayed from a recording, see recorded_cluster.py; the function computes nothing but tensors,
    from tensors, in the same way each time.
    """

    function: ClusterFunction
    reads: tuple[str, ...] = ()
    width: int = 1
    prepare: Callable[[Weights], dict[str, Tensor]] | None = None
    recorded: bool = False

    @property
    def name(self) -> str:
        """The function's name, by which messages know the cluster."""
        return self.function.__name__

    @property
    def module(self) -> str:
        """The module that the function is in."""
        return self.function.__module__

    @property
    def source(self) -> str:
        """The file that the function is in."""
        return self.function.__code__.co_filename


@dataclass(frozen=True)
class Message:
    """A value that one cluster sends to another, once per call.

    `dtype` and `shape` are those of a tensor that has the same ones in every call.
    """

    value: str
    source: str
    destination: str
    dtype: torch.dtype | None = None
    shape: tuple[int, ...] | None = None

    @classmethod
    def several(
        cls,
        source: str,
        destination: str,
        dtype: torch.dtype,
        shapes: Mapping[str, tuple[int, ...]],
    ) -> tuple[Message, ...]:
        """Those of one dtype between two clusters: the shape of each value by its name."""
        pairs = shapes.items()
        return tuple(cls(name, source, destination, dtype, shape) for name, shape in pairs)

    @property
    def size(self) -> int | None:
        """The bytes of its elements; None: not known before."""
        if self.dtype is None or self.shape is None:
            return None
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Program:
    """A model as executors see it.  Raises ValueError if a message names no cluster."""

    name: str
    clusters: Sequence[Cluster]
    messages: Sequence[Message]
    sends: dict[str, list[tuple[str, str]]] = field(init=False)
    receives: dict[str, list[tuple[str, str]]] = field(init=False)

    def __post_init__(self) -> None:
        names = [cluster.name for cluster in self.clusters]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two clusters have one name: {', '.join(names)}")
        sends: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
        receives: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
        for message in self.messages:
            if message.source not in sends or message.destination not in sends:
                raise ValueError(f"{self.name}: {message} names an unknown cluster")
            sends[message.source].append((message.value, message.destination))
            receives[message.destination].append((message.value, message.source))
        object.__setattr__(self, "sends", sends)
        object.__setattr__(self, "receives", receives)
