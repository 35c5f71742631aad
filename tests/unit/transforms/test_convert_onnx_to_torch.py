"""Lowering without the passes that `ramiel compile` runs before it."""

from __future__ import annotations

import torch
from onnx import parser

from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Pipeline, load
from ramiel.operators.interpreter import run_graph

THROUGH_DOUBLE = """
<ir_version: 10, opset_import: ["": 19, "ai.onnx.ml": 3]>
g (float[n, m] x) => (float[a, b] y) {
  v = ai.onnx.ml.FeatureVectorizer <inputdimensions = [3, 3]> (x, x)
  d = Cast <to = 11> (v)
  y = Cast <to = 1> (d)
}
"""
"""ONNX infers no type of v, and so none of d."""


def test_a_type_that_is_not_known_yet_is_not_taken_for_float() -> None:
    pipeline = Pipeline(load(parser.parse_model(THROUGH_DOUBLE)))
    pipeline.run(("upgrade-onnx", "convert-onnx-to-torch"))
    graph = next(op for op in pipeline.module.ops if isinstance(op, GraphOp))
    x = torch.rand(2, 3)
    [y] = run_graph(graph, [x])
    assert y.dtype == torch.float32
    assert y.equal(torch.cat([x, x], 1))
