"""An ONNX model with real branches: cells of separable convolutions, after NASNet-A.

Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition" (CVPR 2018),
figure 4: each normal cell adds five pairs of branches and concatenates what they give.  The
weights are random with a fixed seed; the graph is what matters here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx_network import Network


class CellNetwork(Network):
    """The layers of this model."""

    def weight(self, name: str, array: np.ndarray[Any, Any]) -> str:
        """Add a weight."""
        return self.initializer(name, array.astype(np.float32))

    def convolution(
        self, path: str, value: str, shape: Sequence[int], stride: int = 1, groups: int = 1
    ) -> str:
        """A convolution that keeps height and width, but for its stride."""
        scale = (2 / np.prod(shape[1:])) ** 0.5
        kernel = self.random.standard_normal(shape) * scale
        weight = self.weight(f"{path.replace('/', '.')}.weight", kernel)
        return self.node(
            "Conv",
            path,
            [value, weight],
            kernel_shape=list(shape[2:]),
            pads=[shape[2] // 2] * 4,
            strides=[stride, stride],
            group=groups,
        )

    def normalization(self, path: str, value: str, channels: int) -> str:
        """BatchNormalization with statistics of its own."""
        dotted = path.replace("/", ".")
        parameters = {
            "weight": self.random.uniform(0.5, 1.5, channels),
            "bias": self.random.standard_normal(channels) * 0.1,
            "running_mean": self.random.standard_normal(channels) * 0.1,
            "running_var": self.random.uniform(0.5, 1.5, channels),
        }
        names = [self.weight(f"{dotted}.{key}", array) for key, array in parameters.items()]
        return self.node("BatchNormalization", path, [value, *names], epsilon=1e-3)

    def separable(self, path: str, value: str, channels: int, size: int) -> str:
        """ReLU, depthwise and pointwise convolution, normalization: twice, as NASNet has it."""
        for step in ("first", "second"):
            at = f"{path}/{step}"
            value = self.node("Relu", at, [value])
            value = self.convolution(
                f"{at}/depthwise", value, (channels, 1, size, size), groups=channels
            )
            value = self.convolution(f"{at}/pointwise", value, (channels, channels, 1, 1))
            value = self.normalization(f"{at}/bn", value, channels)
        return value

    def average(self, path: str, value: str) -> str:
        """3x3 average pooling."""
        return self.node(
            "AveragePool", path, [value], kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1]
        )

    def squeeze(self, path: str, value: str, source: int, target: int) -> str:
        """ReLU, 1x1 convolution, normalization."""
        value = self.node("Relu", path, [value])
        value = self.convolution(f"{path}/conv", value, (target, source, 1, 1))
        return self.normalization(f"{path}/bn", value, target)

    def cell(
        self, path: str, current: str, before: str, sources: tuple[int, int], channels: int
    ) -> str:
        """A normal cell: five sums of two branches each, concatenated with the cell before."""
        here = self.squeeze(f"{path}/current", current, sources[0], channels)
        last = self.squeeze(f"{path}/before", before, sources[1], channels)
        sums = [
            (self.separable(f"{path}/a3", here, channels, 3), here),
            (
                self.separable(f"{path}/b3", last, channels, 3),
                self.separable(f"{path}/b5", here, channels, 5),
            ),
            (self.average(f"{path}/c", here), last),
            (self.average(f"{path}/d1", last), self.average(f"{path}/d2", last)),
            (
                self.separable(f"{path}/e5", last, channels, 5),
                self.separable(f"{path}/e3", last, channels, 3),
            ),
        ]
        added = [self.node("Add", f"{path}/add{i}", pair) for i, pair in enumerate(sums)]
        return self.node("Concat", path, [last, *added], axis=1)


def build(cells: int = 4, channels: int = 64, size: int = 48) -> onnx.ModelProto:
    """The model: an image of [1, 3, size, size] to [1, 10] class scores."""
    network = CellNetwork()
    stem = network.convolution("stem/conv", "image", (channels, 3, 3, 3))
    stem = network.normalization("stem/bn", stem, channels)
    current, before = stem, stem
    sources = (channels, channels)
    for index in range(cells):
        made = network.cell(f"cell{index}", current, before, sources, channels)
        current, before = made, current
        sources = (6 * channels, sources[0])
    value = network.node("Relu", "head", [current])
    value = network.node("GlobalAveragePool", "head", [value])
    value = network.node("Flatten", "head", [value], axis=1)
    matrix = network.random.standard_normal((10, sources[0])) * 0.1
    weight = network.weight("head.fc.weight", matrix)
    bias = network.weight("head.fc.bias", np.zeros(10))
    network.node("Gemm", "head/fc", [value, weight, bias], transB=1)
    return network.model("cell_network", {"image": [1, 3, size, size]}, 10)


def write(path: Path) -> None:
    """Write the model to a file."""
    onnx.save(build(), path)
