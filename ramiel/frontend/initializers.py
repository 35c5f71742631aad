"""The weights of a model: readers that decode a tensor when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, numpy_helper

from ramiel.errors import RamielError
from ramiel.frontend.external_data import external_array
from ramiel.tensors import Array


def decode(tensor: TensorProto, directory: Path) -> Array:
    """The values of a tensor; external data only from inside `directory`.

    Raises RamielError naming the tensor if its data are missing or malformed.
    """
    try:
        check_tensor(tensor)
        if tensor.data_location == TensorProto.EXTERNAL:
            return external_array(tensor, directory)
        return np.asarray(numpy_helper.to_array(tensor))
    except RamielError as error:
        raise RamielError(f"tensor {tensor.name!r:.80} {error}") from error
    except Exception as error:  # onnx raises many kinds
        raise RamielError(f"tensor {tensor.name!r:.80} is malformed: {error}") from error


def check_tensor(tensor: TensorProto) -> None:
    """Raises RamielError for negative dimensions, or data in more than one place."""
    if any(dim < 0 for dim in tensor.dims):
        raise RamielError(f"is malformed: a dimension is {min(tensor.dims)}")
    if tensor.HasField("segment"):
        raise RamielError("is a segment, which is not supported")
    places = [name for name in DATA_FIELDS if getattr(tensor, name)]
    if len(places) > 1:
        raise RamielError(f"is malformed: it has {' and '.join(places)}")


DATA_FIELDS = (
    *("raw_data", "float_data", "int32_data", "string_data", "int64_data", "double_data"),
    "uint64_data",
)


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
