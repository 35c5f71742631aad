"""A test's model with its operands baked in: all inputs but the first become initializers.

Folding and lowering take other paths there, and every operator must be right both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase

from ramiel.onnx_backend import RamielBackend

Compare = Callable[[list[Any], list[Any], float, float], None]


def can_be_baked(case: TestCase) -> bool:
    """Whether the model is one node and reads two tensors or more."""
    model = case.model
    if model is None or len(model.graph.node) != 1 or not case.data_sets:
        return False
    return any(value.type.HasField("tensor_type") for value in model.graph.input[1:])


def baked(model: ModelProto, inputs: list[Any]) -> tuple[ModelProto, list[Any]]:
    """The model with all tensors but the first input as initializers, and the inputs left."""
    result = ModelProto()
    result.CopyFrom(model)
    del result.graph.input[:]
    left: list[Any] = []
    for index, (value, given) in enumerate(zip(model.graph.input, inputs, strict=True)):
        if index == 0 or not value.type.HasField("tensor_type"):
            result.graph.input.append(value)
            left.append(as_array(given))
        else:
            result.graph.initializer.append(as_tensor(given, value.name))
    return result, left


def as_array(value: Any) -> Any:
    """A tensor of a data set as an array; anything else as it is."""
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def as_tensor(value: Any, name: str) -> TensorProto:
    """A tensor of a data set as an initializer."""
    if isinstance(value, TensorProto):
        tensor = TensorProto()
        tensor.CopyFrom(value)
        tensor.name = name
        return tensor
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        texts: Any = [str(text).encode() for text in array.reshape(-1)]
        return onnx.helper.make_tensor(name, TensorProto.STRING, array.shape, texts)
    return numpy_helper.from_array(array, name)


def run_baked(case: TestCase, compare: Compare) -> None:
    """Run a test on its baked model; raises as the test itself does."""
    assert case.model is not None and case.data_sets is not None
    for inputs, outputs in case.data_sets:
        model, left = baked(case.model, list(inputs))
        found = list(RamielBackend.prepare(model).run(left))
        compare([as_array(value) for value in outputs], found, case.rtol, case.atol)
