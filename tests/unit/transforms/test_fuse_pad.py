"""A Pad before a convolution or pooling is its padding, with the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import parser
from stages import graph_of

from ramiel.dialects.torch import CallOp
from ramiel.driver import lower_model
from ramiel.frontend import lift_model
from ramiel.operators.interpreter import run_graph
from ramiel.options import Options
from ramiel.tensors import from_torch, to_torch

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'
PAD = "torch.nn.functional.pad"
CASES = {
    "convolution": ([0, 0, 1, 1, 0, 0, 1, 1], "y = Conv (p, w)", False),
    "convolution that pads too": (
        [0, 0, 1, 2, 0, 0, 1, 2],
        "y = Conv <pads = [1,0,1,0]> (p, w)",
        False,
    ),
    "average": ([0, 0, 1, 1, 0, 0, 1, 1], "y = AveragePool <kernel_shape = [3,3]> (p)", False),
    "average, more than half a kernel": (
        [0, 0, 2, 2, 0, 0, 2, 2],
        "y = AveragePool <kernel_shape = [3,3]> (p)",
        True,
    ),
    "maximum of zeros": ([0, 0, 1, 1, 0, 0, 1, 1], "y = MaxPool <kernel_shape = [3,3]> (p)", True),
    "channels": ([0, 1, 1, 1, 0, 0, 1, 1], "y = AveragePool <kernel_shape = [3,3]> (p)", True),
}


@pytest.mark.parametrize("name", CASES)
def test_pad(name: str) -> None:
    pads, statement, stays = CASES[name]
    model = parser.parse_model(
        f"{HEADER}g (float[1,2,6,7] x, float[3,2,3,3] w) => (float[n,c,h,v] y) {{\n"
        f"  pads = Constant <value = int64[8] {{{', '.join(map(str, pads))}}}> ()\n"
        f"  p = Pad (x, pads)\n  {statement}\n}}"
    )
    generator = np.random.default_rng(0)
    x = generator.normal(size=(1, 2, 6, 7)).astype(np.float32) - 1  # mostly below zero
    w = generator.normal(size=(3, 2, 3, 3)).astype(np.float32)
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    [expected] = session.run(None, {"x": x, "w": w})
    graph = graph_of(lower_model(lift_model(model, "g"), Options(preset="faithful")).module)
    keys = [op.key.data for op in graph.block.ops if isinstance(op, CallOp)]
    assert (PAD in keys) == stays
    [actual] = run_graph(graph, [to_torch(x), to_torch(w)])
    np.testing.assert_allclose(from_torch(actual), expected, rtol=2e-5, atol=2e-6)


def test_pad_of_minus_infinity_before_a_maximum() -> None:
    model = parser.parse_model(
        f"{HEADER}g (float[1,2,6,7] x) => (float[n,c,h,v] y) {{\n"
        "  pads = Constant <value = int64[8] {0, 0, 1, 1, 0, 0, 1, 1}> ()\n"
        "  least = Constant <value_float = -inf> ()\n"
        "  p = Pad (x, pads, least)\n  y = MaxPool <kernel_shape = [3,3], strides = [2,2]> (p)\n}"
    )
    x = np.random.default_rng(0).normal(size=(1, 2, 6, 7)).astype(np.float32) - 5
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    [expected] = session.run(None, {"x": x})
    assert expected.max() < 0 and np.ptp(expected) > 1
    graph = graph_of(lower_model(lift_model(model, "g"), Options(preset="faithful")).module)
    assert PAD not in [op.key.data for op in graph.block.ops if isinstance(op, CallOp)]
    [actual] = run_graph(graph, [to_torch(x)])
    np.testing.assert_array_equal(from_torch(actual), expected)
