"""The weights of a model: readers that decode a tensor when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, numpy_helper

from ramiel.errors import RamielError
from ramiel.tensors import Array


def decode(tensor: TensorProto, directory: Path) -> Array:
    """The values of a tensor; external data only from inside `directory`.

    Raises RamielError naming the tensor if its data are missing or malformed.
    """
    for entry in tensor.external_data:
        if entry.key == "location":
            file = (directory / entry.value).resolve()
            if not file.is_relative_to(directory.resolve()):
                raise RamielError(f"tensor {tensor.name!r} reads outside the model's folder")
            if not file.is_file():
                raise RamielError(f"tensor {tensor.name!r}: no file {entry.value!r}")
    try:
        return np.asarray(numpy_helper.to_array(tensor, str(directory)))
    except Exception as error:  # onnx raises many kinds
        raise RamielError(f"tensor {tensor.name!r} is malformed: {error}") from error


def constant_tensors(graph: GraphProto) -> Iterator[tuple[str, TensorProto]]:
    """The tensors of the graph's Constant nodes, under the names of their outputs."""
    for node in graph.node:
        if node.op_type == "Constant" and node.domain in ("", "ai.onnx"):
            for attribute in node.attribute:
                if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
                    yield node.output[0], attribute.t


def initializer_readers(model: ModelProto, directory: Path) -> Mapping[str, Callable[[], Array]]:
    """A reader for each initializer and each tensor of a Constant node of the main graph."""
    tensors = dict(constant_tensors(model.graph))
    tensors.update({tensor.name: tensor for tensor in model.graph.initializer})
    return {name: partial(decode, tensor, directory) for name, tensor in tensors.items()}
