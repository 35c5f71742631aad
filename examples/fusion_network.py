"""An ONNX model with real branches: what is said, heard and seen in a video, each read by LSTMs.

Late fusion of recurrent encoders, as baselines for video sentiment have it (Zadeh et al., "Memory
Fusion Network for Multi-view Sequential Learning", AAAI 2018).  An LSTM takes one step after the
other, so more threads inside it gain nothing: only branches do.  The weights are random with a
fixed seed; the graph is what matters here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx_network import Network

STREAMS = {"words": 300, "audio": 74, "faces": 35, "poses": 54}
"""The features of each moment, by stream."""


@dataclass
class FusionNetwork(Network):
    """The layers of this model."""

    hidden: int = 128

    def weight(self, name: str, *shape: int) -> str:
        """A weight of normal numbers, scaled by what it is multiplied with."""
        array = self.random.standard_normal(shape) / np.sqrt(shape[-1])
        return self.initializer(name, array.astype(np.float32))

    def constant(self, name: str, *numbers: int) -> str:
        """Integers that a node reads."""
        return self.initializer(name, np.array(numbers, np.int64))

    def lstm(self, path: str, value: str, features: int) -> str:
        """(moments, 1, features) read forwards and backwards: (moments, 1, 2 · hidden)."""
        gates, dotted = 4 * self.hidden, path.replace("/", ".")
        given = [
            value,
            self.weight(f"{dotted}.weight", 2, gates, features),
            self.weight(f"{dotted}.recurrence", 2, gates, self.hidden),
            self.weight(f"{dotted}.bias", 2, 2 * gates),
        ]
        y = self.node("LSTM", path, given, hidden_size=self.hidden, direction="bidirectional")
        y = self.node("Transpose", path, [y], perm=[0, 2, 1, 3])
        shape = self.constant(f"{dotted}.shape", 0, 0, -1)
        return self.node("Reshape", path, [y, shape])

    def encoder(self, stream: str, features: int) -> str:
        """Two LSTMs, and the mean of all moments: (1, 2 · hidden)."""
        first = self.lstm(f"{stream}/first", stream, features)
        second = self.lstm(f"{stream}/second", first, 2 * self.hidden)
        mean = self.node("ReduceMean", stream, [second], axes=[0], keepdims=0)
        return self.node("Tanh", stream, [mean])

    def gemm(self, path: str, value: str, inputs: int, outputs: int) -> str:
        """A linear layer."""
        weight, bias = f"{path}.weight", f"{path}.bias"
        given = [value, self.weight(weight, outputs, inputs), self.weight(bias, outputs)]
        return self.node("Gemm", path, given, transB=1)


def build(moments: int = 50, hidden: int = 128) -> onnx.ModelProto:
    """The model: four streams of [moments, 1, features] to [1, 7] scores."""
    network = FusionNetwork(hidden=hidden)
    encoded = [network.encoder(stream, features) for stream, features in STREAMS.items()]
    fused = network.node("Concat", "fusion", encoded, axis=1)
    fused = network.gemm("fusion", fused, len(STREAMS) * 2 * hidden, hidden)
    fused = network.node("Relu", "fusion", [fused])
    network.gemm("scores", fused, hidden, 7)
    inputs = {stream: [moments, 1, features] for stream, features in STREAMS.items()}
    return network.model("fusion_network", inputs, 7)


def write(path: Path) -> None:
    """Write the model to a file."""
    onnx.save(build(), path)
