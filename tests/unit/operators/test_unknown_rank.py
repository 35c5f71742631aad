"""Operators that say all they need themselves compile where the rank is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import run
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ramiel.frontend import lift_model
from ramiel.operators.emitter import shortest
from ramiel.tensors import Array, dims_of

INTEGERS = {
    name: np.array(values, np.int64)
    for name, values in {"zero": [0], "last": [-1], "two": [2], "far": [2**62]}.items()
}
OTHERS = {
    "kernel": np.arange(12, dtype=np.float32).reshape(2, 3, 2),
    "mask": np.arange(7) % 2 == 0,
    "sevens": np.full(7, 7, np.float32),
}


@pytest.mark.parametrize(
    ("operator", "operands"),
    [
        ("Squeeze", ["x", "zero"]),
        ("Squeeze", ["x"]),
        ("Unsqueeze", ["x", "zero"]),
        ("Unsqueeze", ["x", "last"]),
        ("Slice", ["x", "two", "far", "two"]),
        ("Slice", ["x", "zero", "two", "last"]),
        ("Conv", ["x", "kernel"]),
        ("Where", ["mask", "x", "sevens"]),
    ],
)
def test_rank_is_not_needed(operator: str, operands: list[str]) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(operator, operands, ["y"])
    weights = [
        numpy_helper.from_array(array, name)
        for name, array in {**INTEGERS, **OTHERS}.items()
        if name in operands
    ]
    graph = helper.make_graph([node], "graph", [value], [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x: Array = np.random.default_rng(0).standard_normal((1, 3, 7)).astype(np.float32)
    reference: Any = ReferenceEvaluator(model).run(None, {"x": x})
    [expected] = reference
    [found] = run(model, [x])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_largest_float_is_printed_exactly() -> None:
    # Its shortest decimal, 3.4028235e+38, is larger than it.
    largest = np.finfo(np.float32).max
    assert shortest(largest) == float(largest)
    assert shortest(-largest) == -float(largest)
    assert shortest(np.float32(0.1)) == 0.1


@pytest.mark.parametrize("unknown", [-1, "?"])
def test_a_dimension_that_exporters_do_not_know_has_no_name(unknown: int | str) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [unknown, 3])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [unknown, 3])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", [value], [result])
    module = lift_model(helper.make_model(graph, ir_version=8), "model")
    [argument] = next(iter(module.ops)).regions[0].block.args
    assert dims_of(argument.type) == ["", 3]
