"""An ONNX graph that is built one node at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass
class Network:
    """Nodes and weights, collected one layer at a time; values are names.

    `random` makes weights, the same ones each time.
    """

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    weights: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(0)

    def node(self, operator: str, path: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Append a node under a path such as /cell1/left/Relu; returns its output's name."""
        name = f"/{path}/{operator}"
        output = f"{name}_output_0"
        self.nodes.append(helper.make_node(operator, inputs, [output], name, **attributes))
        return output

    def initializer(self, name: str, array: np.ndarray[Any, Any]) -> str:
        """Add an array that nodes read; returns its name."""
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def model(
        self, name: str, inputs: Mapping[str, Sequence[int]], classes: int
    ) -> onnx.ModelProto:
        """The model, whose last node gives [1, classes] scores.  All is float32."""
        self.nodes[-1].output[0] = "scores"
        graph = helper.make_graph(
            self.nodes,
            name,
            [
                helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)
                for value, shape in inputs.items()
            ],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, classes])],
            self.weights,
        )
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model)
        return model
