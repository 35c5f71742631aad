"""What a compiled model raises, each with one clear line."""

from __future__ import annotations


class ModelError(Exception):
    """The base of every error that a compiled model raises by itself."""


class InputError(ModelError, ValueError):
    """An input is missing, unknown, or of the wrong type, dtype or shape; nothing has run."""


class WeightsError(ModelError, ValueError):
    """The weights file cannot be read, or does not hold what the model needs."""


class ChannelError(ModelError, RuntimeError):
    """A cluster and the model's list of messages disagree, or clusters wait for each other."""


class CallTimeout(ModelError, TimeoutError):
    """A call took longer than the timeout that `load` was given."""


class ClosedError(ModelError, RuntimeError):
    """The model was closed before, or while, it was called."""


class ClusterError(ModelError, RuntimeError):
    """A cluster raised; the original exception is the `__cause__`.

    `line` is the line of model.py (None: it failed outside), `node` and `operator` are the ONNX
    node that the line was made from ("": the line belongs to none).
    """

    def __init__(
        self, cluster: str, reason: str, line: int | None, node: str = "", operator: str = ""
    ) -> None:
        super().__init__(cluster, reason, line, node, operator)
        self.cluster = cluster
        self.reason = reason
        self.line = line
        self.node = node
        self.operator = operator

    def __str__(self) -> str:
        line = f", model.py line {self.line}" if self.line is not None else ""
        operator = f" ({self.operator})" if self.operator else ""
        node = f", node {self.node!r}{operator}" if self.node or self.operator else ""
        return f"{self.cluster}{line}{node}: {self.reason}"


class CallAborted(BaseException):
    """Releases a cluster whose call has ended elsewhere; no caller ever sees it."""
