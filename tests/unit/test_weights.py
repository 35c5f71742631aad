"""A store of weights holds no more of a model in memory than somebody reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ramiel.costs.kernels import Inputs
from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.driver import load, lower_model
from ramiel.options import Options
from ramiel.weights import KEPT_BYTES, WeightStore

WIDTH = 640
"""A square matrix of float32 of this width is larger than what is kept."""


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A model file: x @ w, with the weight in a file of its own."""
    weight = np.random.default_rng(0).normal(size=(WIDTH, WIDTH)).astype(np.float32)
    assert weight.nbytes > KEPT_BYTES
    shape = [64, WIDTH]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, tmp_path / "product.onnx", save_as_external_data=True, location="w.data")
    return tmp_path / "product.onnx"


def test_a_large_tensor_is_read_again_each_time_and_a_small_one_is_kept() -> None:
    readers = {"large": lambda: np.zeros(KEPT_BYTES + 1, np.int8), "small": lambda: np.zeros(4)}
    store = WeightStore.of_readers("", readers)
    assert store["small"] is store["small"]
    assert store["large"] is not store["large"]


def test_what_a_reader_reads_stays_when_the_overlay_forgets_it() -> None:
    store = WeightStore()
    made = np.arange(4)
    name = store.add("made", made)
    again = store.add_reader("again", store.reader(name))
    del store.overlay[name]
    np.testing.assert_array_equal(store[again], made)


def test_a_tensor_of_external_data_needs_no_copy_to_become_torchs(product: Path) -> None:
    [graph] = load(product).ops
    assert isinstance(graph, GraphOp)
    assert graph.store["w"].flags.writeable


def test_the_transpose_for_a_linear_layer_is_made_when_it_is_read(product: Path) -> None:
    pipeline = lower_model(load(product), Options(portable=True))
    [graph] = pipeline.module.ops
    assert isinstance(graph, GraphOp)
    [weight] = [op for op in graph.block.ops if isinstance(op, WeightOp)]
    name = weight.weight_name.data
    assert name != "w"
    assert graph.store[name] is not graph.store[name]
    np.testing.assert_array_equal(graph.store[name], graph.store["w"].T)
    assert graph.store[name].flags.c_contiguous


def test_the_profiler_holds_a_prepared_weight_only_as_prepared(product: Path) -> None:
    pipeline = lower_model(load(product), Options())
    [graph] = pipeline.module.ops
    assert isinstance(graph, GraphOp)
    [weight] = [op for op in graph.block.ops if isinstance(op, WeightOp)]
    inputs = Inputs(graph)
    assert weight.result not in inputs.values
    prepared = inputs.prepared()
    assert weight.result not in prepared
    assert [use.operation.results[0] in prepared for use in weight.result.uses] == [True]
