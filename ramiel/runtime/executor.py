"""The interface of an executor: it runs a program's clusters and moves their messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from torch import Tensor

from .errors import ModelError
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
    keep_memory: bool = True
    """Keep freed memory for the next call, see memory.py."""
    file: WeightsFile | None = None
    """The file that the weights were mapped from; None: they are in memory only."""

    def __post_init__(self) -> None:
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"timeout must be above 0 seconds, got {self.timeout}")
        if self.start_method not in START_METHODS:
            methods = ", ".join(START_METHODS)
            raise ValueError(f"no start method {self.start_method!r}: there are {methods}")


class PendingCall(Protocol):
    """A call that has begun."""

    def result(self) -> dict[str, Tensor]:
        """Wait for its end; see Executor.run.  The timeout counts from here."""
        ...

    def cancel(self) -> None:
        """Nobody wants its result: its clusters may leave it.  Never waits."""
        ...


@dataclass(frozen=True)
class Deferred:
    """A call that runs when its result is asked for."""

    result: Callable[[], dict[str, Tensor]]

    def cancel(self) -> None:
        """Nothing has begun."""


class Executor(ABC):
    """Runs the calls of one model."""

    overlaps: ClassVar[bool] = True
    """Whether a call runs before its result is asked for."""

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
    def begin(self, inputs: Mapping[str, Tensor], w: Weights) -> PendingCall:
        """Begin a call behind those that have begun: every cluster takes them in this order."""

    @abstractmethod
    def close(self) -> None:
        """End the workers; a call that is running, or comes later, raises ClosedError."""

    def serve(self, w: Weights) -> None:
        """Take part in the calls of another process until that closes the model.

        Raises ModelError: only the executor distributed has other processes that are started.
        """
        raise ModelError(f"{self.program.name}: only the executor distributed can serve")

    def stream(
        self, calls: Iterable[tuple[Mapping[str, Tensor], Weights]], depth: int
    ) -> Generator[dict[str, Tensor]]:
        """The outputs of calls, in their order; `depth` of them run at the same time.

        An error comes in its call's place, and ends the stream.  Raises what `run` raises.
        """
        pending: deque[PendingCall] = deque()
        failure: Exception | None = None
        source = iter(calls)
        try:
            while failure is None:
                try:
                    pending.append(self.begin(*next(source)))
                except StopIteration:
                    break
                except Exception as error:  # the results before it come first
                    failure = error
                if len(pending) >= (depth if self.overlaps else 1):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
            if failure is not None:
                raise failure
        finally:
            failure = None  # its traceback holds this frame, which would hold it in turn
            for call in pending:
                call.cancel()
