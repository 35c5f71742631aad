"""An ONNX model with real branches: what is said, heard and seen in a video, each read by LSTMs.

Late fusion of recurrent encoders, as baselines for video sentiment have it (Zadeh et al., "Memory
Fusion Network for Multi-view Sequential Learning", AAAI 2018).  An LSTM takes one step after the
other, so more threads inside it gain nothing: only branches do.  The weights are random with a
fixed seed; the graph is what matters here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STREAMS = {"words": 300, "audio": 74, "faces": 35, "poses": 54}
"""The features of each moment, by stream."""


@dataclass
class Network:
    """Nodes and weights, collected one layer at a time; values are names."""

    hidden: int
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    weights: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(0)

    def node(self, operator: str, path: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Append a node; returns the name of its output."""
        name = f"/{path}/{operator}"
        output = f"{name}_output_0"
        self.nodes.append(helper.make_node(operator, inputs, [output], name, **attributes))
        return output

    def weight(self, name: str, *shape: int) -> str:
        """A weight of normal numbers, scaled by what it is multiplied with."""
        array = self.random.standard_normal(shape) / np.sqrt(shape[-1])
        self.weights.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def constant(self, name: str, *numbers: int) -> str:
        """Integers that a node reads."""
        self.weights.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name

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
    network = Network(hidden)
    encoded = [network.encoder(stream, features) for stream, features in STREAMS.items()]
    fused = network.node("Concat", "fusion", encoded, axis=1)
    fused = network.gemm("fusion", fused, len(STREAMS) * 2 * hidden, hidden)
    fused = network.node("Relu", "fusion", [fused])
    network.gemm("scores", fused, hidden, 7)
    network.nodes[-1].output[0] = "scores"
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        network.nodes,
        "fusion_network",
        [
            helper.make_tensor_value_info(stream, float32, [moments, 1, features])
            for stream, features in STREAMS.items()
        ],
        [helper.make_tensor_value_info("scores", float32, [1, 7])],
        network.weights,
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return model


def write(path: Path) -> None:
    """Write the model to a file."""
    onnx.save(build(), path)
