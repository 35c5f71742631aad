"""A graph that grows node by node, each of them drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

Shape: TypeAlias = "tuple[int, ...]"
Draw: TypeAlias = "Callable[[st.SearchStrategy[Any]], Any]"

LARGEST = 4096
"""Elements of a value."""


class Graph:
    """A graph that grows node by node; all values are float32."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.opset = self.number(18, 21)
        self.shapes: dict[str, Shape] = {}
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.read: set[str] = set()

    def pick(self, items: Sequence[Any]) -> Any:
        """One of some items."""
        return self.draw(st.sampled_from(list(items)))

    def number(self, low: int, high: int) -> int:
        """An integer, both bounds included."""
        return self.draw(st.integers(low, high))

    def operand(self, *ranks: int) -> str | None:
        """A value of one of the ranks (none given: any), None if there is none."""
        names = [n for n, shape in self.shapes.items() if not ranks or len(shape) in ranks]
        # Late values first: graphs grow deep, and hypothesis shrinks to the front of a list.
        return self.pick(names[::-1]) if names else None

    def weight(self, shape: Sequence[int], scale: float = 1.0) -> str:
        """A new initializer of floats."""
        generator = np.random.default_rng(len(self.weights))
        return self.tensor((generator.standard_normal(shape) * scale).astype(np.float32))

    def integers(self, *values: int) -> str:
        """A new initializer of int64."""
        return self.tensor(np.array(values, np.int64))

    def tensor(self, array: np.ndarray) -> str:
        """A new initializer."""
        name = f"w.{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def add(
        self, operator: str, inputs: Sequence[str], *shapes: Sequence[int], **attributes: Any
    ) -> list[str]:
        """A new node with results of these shapes."""
        index = len(self.nodes)
        names = [f"/block.{index % 3}/{operator}_{index}_output_{i}" for i in range(len(shapes))]
        node = f"/block.{index % 3}/{operator}_{index}"
        self.nodes.append(helper.make_node(operator, inputs, names, node, **attributes))
        self.read.update(inputs)
        sizes = [tuple(int(size) for size in shape) for shape in shapes]
        self.shapes.update(zip(names, sizes, strict=True))
        return names
