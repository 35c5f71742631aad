"""The interface of an executor: it runs a program's clusters and moves their messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor

from .program import Program
from .weights import Weights


class Executor(ABC):
    """Runs the calls of one model."""

    def __init__(self, program: Program, timeout: float | None = None) -> None:
        """`timeout`: seconds that a call may take, waiting for its turn included."""
        self.program = program
        self.timeout = timeout

    @abstractmethod
    def run(self, inputs: Mapping[str, Tensor], w: Weights) -> dict[str, Tensor]:
        """One call: the model's outputs by name.

        Raises ClusterError if a cluster raised, CallTimeout, ClosedError, and ChannelError if
        clusters wait for each other.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers; a call that is running, or comes later, raises ClosedError."""
