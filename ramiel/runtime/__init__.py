"""What every generated package carries: channels, executors, the model's base class."""

from __future__ import annotations

from .batches import BatchModel, SampleChannels, Stage
from .channels import Channels
from .command_line import main
from .compilation import compiled
from .errors import (
    CallTimeout,
    ChannelError,
    ClosedError,
    ClusterError,
    InputError,
    ModelError,
    WeightsError,
)
from .inputs import Input
from .model import ParallelModel
from .program import Cluster, Message
from .weights import Weight, Weights

__all__ = [
    "BatchModel",
    "CallTimeout",
    "ChannelError",
    "Channels",
    "ClosedError",
    "Cluster",
    "ClusterError",
    "Input",
    "InputError",
    "Message",
    "ModelError",
    "ParallelModel",
    "SampleChannels",
    "Stage",
    "Weight",
    "Weights",
    "WeightsError",
    "compiled",
    "main",
]
