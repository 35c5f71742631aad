"""The interface of an executor: it runs a program's clusters and moves their messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from .launch import START_METHODS
from .preparation import Preparation
from .program import Program
from .weights import Weights, WeightsFile


@dataclass(frozen=True)
class Options:
    """What `Model.load` was given for its executor."""

    timeout: float | None = None
    """Seconds that a call may take from when it is its turn."""
    start_method: str = "spawn"
    """How worker processes start: "spawn" or "fork"."""
    file: WeightsFile | None = None
    """The file that the weights were mapped from; None: they are in memory only."""

    def __post_init__(self) -> None:
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"timeout must be above 0 seconds, got {self.timeout}")
        if self.start_method not in START_METHODS:
            methods = ", ".join(START_METHODS)
            raise ValueError(f"no start method {self.start_method!r}: there are {methods}")


class Executor(ABC):
    """Runs the calls of one model."""

    def __init__(self, program: Program, options: Options) -> None:
        self.program = program
        self.options = options
        self.timeout = options.timeout
        self.preparation = Preparation()

    @abstractmethod
    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call: the model's outputs by name.

        Raises ClusterError if a cluster raised, CallTimeout, ClosedError, and ChannelError if
        clusters wait for each other.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers; a call that is running, or comes later, raises ClosedError."""
