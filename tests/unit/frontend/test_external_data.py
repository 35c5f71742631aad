"""Weights in files beside the model: read when asked for, and only from inside its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ramiel.dialects.dataflow import GraphOp
from ramiel.errors import RamielError
from ramiel.frontend import lift_file

VALUES = np.arange(512, dtype=np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """y = x + w, with w in weights.bin."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], "/Add")],
        "external",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [512])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [512])],
        [numpy_helper.from_array(VALUES, "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    file = tmp_path / "folder" / "external.onnx"
    file.parent.mkdir()
    onnx.save(
        helper.make_model(graph, opset_imports=opsets, ir_version=8),
        file,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    return file


def lifted(file: Path) -> GraphOp:
    """The graph of a model's file."""
    [graph] = lift_file(file).ops
    assert isinstance(graph, GraphOp)
    return graph


def relocate(file: Path, location: str) -> None:
    """Let the model look for its weights elsewhere."""
    model = onnx.load(file, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = location
    file.write_bytes(model.SerializeToString())


def test_values_come_from_the_file_beside_the_model(model: Path) -> None:
    np.testing.assert_array_equal(lifted(model).store["w"], VALUES)


def test_lifting_does_not_read_them(model: Path) -> None:
    (model.parent / "weights.bin").unlink()
    graph = lifted(model)
    with pytest.raises(RamielError, match=r"tensor 'w' is in 'weights\.bin': no such file"):
        graph.store["w"]


def test_a_file_that_is_too_short_is_named(model: Path) -> None:
    (model.parent / "weights.bin").write_bytes(b"1234")
    with pytest.raises(RamielError, match="tensor 'w' is malformed"):
        lifted(model).store["w"]


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin"])
def test_a_path_that_leaves_the_folder_is_refused(model: Path, location: str) -> None:
    (model.parent.parent / "secret.bin").write_bytes(VALUES.tobytes())
    relocate(model, location)
    with pytest.raises(RamielError, match="tensor 'w' reads outside the model's folder"):
        lifted(model).store["w"]


def test_a_link_that_leaves_the_folder_is_refused(model: Path) -> None:
    secret = model.parent.parent / "secret.bin"
    secret.write_bytes(VALUES.tobytes())
    (model.parent / "weights.bin").unlink()
    (model.parent / "weights.bin").symlink_to(secret)
    with pytest.raises(RamielError, match="reads outside the model's folder"):
        lifted(model).store["w"]
