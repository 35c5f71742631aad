"""Tensors whose dimensions, type and bytes do not fit each other are one clear line."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import ModelProto, TensorProto, helper

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import compile as compile_and_load


def model_of(tensor: TensorProto, node: str = "Add") -> ModelProto:
    """y = x + w."""
    tensor.name = "w"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node(node, ["x", "w"], ["y"], "/Add")], "g", [x], [y])
    graph.initializer.append(tensor)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def refusal(model: ModelProto, folder: Path) -> str:
    """The one line that compiling to a folder ends in; nothing is written."""
    with pytest.raises(RamielError) as raised:
        write_package(compile_model(model).program, folder / "package")
    assert not list(folder.iterdir())
    return str(raised.value)


def tensor(dims: list[int], kind: int = TensorProto.FLOAT, **fields: object) -> TensorProto:
    """A tensor with just these fields."""
    found = TensorProto(dims=dims, data_type=kind)
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(found, name).extend(value)
        else:
            setattr(found, name, value)
    return found


WRONG = {
    "more elements than bytes": tensor([2**62], raw_data=b"12345678"),
    "a product that overflows": tensor([2**32, 2**32], raw_data=b"12345678"),
    "a negative dimension": tensor([-4], raw_data=b"12345678"),
    "raw data too short": tensor([4], raw_data=b"12345678"),
    "raw data too long": tensor([4], raw_data=b"1" * 20),
    "typed data too short": tensor([4], float_data=[1.0]),
    "typed data too long": tensor([4], float_data=[1.0] * 5),
    "no data": tensor([4]),
    "raw and typed data": tensor([4], raw_data=b"1" * 16, float_data=[1.0] * 4),
    "data of another type": tensor([4], int64_data=[1, 2, 3, 4]),
    "an unknown type": tensor([4], 99, raw_data=b"1" * 16),
    "no type": tensor([4], 0, raw_data=b"1" * 16),
    "a text": tensor([4], TensorProto.STRING, string_data=[b"a"] * 4),
    "a segment": tensor([4], raw_data=b"1" * 16),
}
WRONG["a segment"].segment.begin = 1


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_malformed_tensors_are_refused(wrong: TensorProto, tmp_path: Path) -> None:
    assert refusal(model_of(wrong), tmp_path)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_so_are_those_of_constants(wrong: TensorProto, tmp_path: Path) -> None:
    model = model_of(wrong)
    constant = helper.make_node("Constant", [], ["w"], value=model.graph.initializer[0])
    del model.graph.initializer[:]
    model.graph.node.insert(0, constant)
    assert refusal(model, tmp_path)


def test_a_weight_is_named(tmp_path: Path) -> None:
    assert "tensor 'w'" in refusal(model_of(tensor([64], raw_data=b"1234")), tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_data(value: float) -> None:
    graph = helper.make_graph(
        [helper.make_node("LeakyRelu", ["x"], ["y"], alpha=value)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with compile_and_load(model, executor="serial") as compiled:
        found = compiled(torch.tensor([-1.0, 1.0]))
    np.testing.assert_array_equal(found.numpy(), np.array([-value, 1], np.float32))
