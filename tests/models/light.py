"""The light models of the onnx package, with weights that make them compute something.

onnx/backend/test/data/light has nine real topologies (opset 9) without most of their weights: a
ConstantOfShape of 0.02 stands for each, and the output is the same for every input.  `filled` puts
seeded initializers in their place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

Array: TypeAlias = npt.NDArray[Any]

FOLDER = Path(onnx.__file__).parent / "backend/test/data/light"
NAMES = (
    "squeezenet",
    "shufflenet",
    "inception_v1",
    "inception_v2",
    "densenet121",
    "resnet50",
    "zfnet512",
    "bvlc_alexnet",
    "vgg19",
)
PASSES_WEIGHTS_ON = ("Unsqueeze", "Reshape")
"""Operators through which a weight reaches the node that it belongs to."""


def filled(name: str, seed: int = 0) -> ModelProto:
    """The light model of that name with seeded weights: 5 MB (squeezenet) to 574 MB (vgg19)."""
    model = onnx.load(FOLDER / f"light_{name}.onnx")
    graph = model.graph
    generator = np.random.default_rng(seed)
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    readers = {value: (node, place) for node in nodes for place, value in enumerate(node.input)}
    weights = {
        value: make_weight(generator, shape, *reader_of(value, readers))
        for value, shape in sorted(weight_shapes(graph).items())
        if value in readers
    }
    constants = {t.name: t for t in graph.initializer if t.name in readers}
    inputs = [value for value in graph.input if value.name in readers.keys() - constants.keys()]
    replace(graph.node, nodes)
    replace(graph.input, inputs)
    replace(graph.initializer, [t for name, t in constants.items() if name not in weights])
    graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
    model.ir_version = 4  # since then, initializers need not be inputs as well
    calibrate(model, generator)
    return model


def replace(field: Any, items: list[Any]) -> None:
    """Give a repeated field of a message other items."""
    kept = list(items)
    del field[:]
    field.extend(kept)


def weight_shapes(graph: GraphProto) -> dict[str, list[int]]:
    """The shapes of all weights: those to be made of a constant, and the few that are there."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    made = {
        node.output[0]: numpy_helper.to_array(tensors[node.input[0]]).tolist()
        for node in graph.node
        if node.op_type == "ConstantOfShape"
    }
    floats = [t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT]
    return made | {tensor.name: list(tensor.dims) for tensor in floats}


def reader_of(name: str, readers: dict[str, tuple[NodeProto, int]]) -> tuple[str, int]:
    """The operator that a weight belongs to, and which of its inputs the weight is."""
    node, place = readers[name]
    if node.op_type in PASSES_WEIGHTS_ON:
        return reader_of(node.output[0], readers)
    return node.op_type, place


def make_weight(
    generator: np.random.Generator, shape: list[int], operator: str, place: int
) -> Array:
    """Random values that keep the spread of what goes through (He et al., ICCV 2015)."""
    match operator, place:
        case "Conv", 1:
            values = generator.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
        case "Gemm", 1:
            values = generator.standard_normal(shape) * (2 / shape[-1]) ** 0.5
        case ("Mul", _) | ("BatchNormalization", 1 | 4):
            values = generator.uniform(0.5, 1.5, shape)
        case _:
            values = generator.standard_normal(shape) * 0.1
    return values.astype(np.float32)


def calibrate(model: ModelProto, generator: np.random.Generator) -> None:
    """Set the means and variances of every BatchNormalization to those of its input.

    One run with an InstanceNormalization in the place of each finds them all: on a batch of one
    picture it normalizes with what it sees.
    """
    normalizations = [n for n in model.graph.node if n.op_type == "BatchNormalization"]
    if not normalizations:
        return
    probe = ModelProto()
    probe.CopyFrom(model)
    for node in probe.graph.node:
        if node.op_type == "BatchNormalization":
            changed = helper.make_node("InstanceNormalization", node.input[:3], node.output[:1])
            node.CopyFrom(changed)
    seen = [node.input[0] for node in normalizations]
    replace(probe.graph.output, [helper.make_empty_tensor_value_info(name) for name in seen])
    runtime: Any = onnxruntime
    quiet = runtime.SessionOptions()
    quiet.log_severity_level = 3
    session = runtime.InferenceSession(probe.SerializeToString(), quiet)
    image = session.get_inputs()[0]
    shape: list[int] = image.shape
    picture = generator.standard_normal(shape).astype(np.float32)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node, values in zip(normalizations, session.run(seen, {image.name: picture}), strict=True):
        for name, statistic in ((node.input[3], np.mean), (node.input[4], np.var)):
            measured = statistic(values, axis=(0, 2, 3)).astype(np.float32)
            tensors[name].CopyFrom(numpy_helper.from_array(measured, name))
