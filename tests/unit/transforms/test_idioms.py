"""What exporters take to pieces is one call again, with the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator
from stages import graph_of

from ramiel.dialects.torch import CallOp
from ramiel.driver import lower_model
from ramiel.frontend import lift_model
from ramiel.operators.interpreter import run_graph
from ramiel.options import Options
from ramiel.tensors import from_torch, to_torch

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'
NUMBERS = """
  [c0] zero = Constant <value = float {0.0}> ()
  [c1] one = Constant <value = float {1.0}> ()
  [c2] two = Constant <value = float {2.0}> ()
  [c3] half = Constant <value = float {0.5}> ()
  [c4] root = Constant <value = float {1.4142135}> ()
  [c5] factor = Constant <value = float {0.7978846}> ()
  [c6] cubic = Constant <value = float {0.044715}> ()
  [w] weight = Constant <value = float[8] {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}> ()
  [b] bias = Constant <value = float[8] {-1.0, 2.0, -3.0, 4.0, -5.0, 6.0, -7.0, 8.0}> ()
  [c7] scale = Constant <value = float {0.35355338}> ()
"""
GELU = "torch.nn.functional.gelu"
NORM = "torch.nn.functional.layer_norm"
ATTENTION = "torch.nn.functional.scaled_dot_product_attention"
CASES = {
    "gelu, halved last": (
        GELU,
        "a = Div (x, root) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, half)",
    ),
    "gelu, halved first": (
        GELU,
        "h = Mul (x, half) a = Div (x, root) b = Erf (a) c = Add (one, b) y = Mul (h, c)",
    ),
    "gelu, divided by 2": (
        GELU,
        "a = Div (x, root) b = Erf (a) c = Add (b, one) d = Mul (c, x) y = Div (d, two)",
    ),
    "gelu, by tanh and products": (
        GELU,
        "s = Mul (x, x) t = Mul (s, x) u = Mul (t, cubic) v = Add (x, u) a = Mul (v, factor) "
        "b = Tanh (a) c = Add (b, one) d = Mul (x, c) y = Mul (half, d)",
    ),
    "layer norm, square by product": (
        NORM,
        "m = ReduceMean <axes = [-1]> (x) d = Sub (x, m) q = Mul (d, d) "
        "v = ReduceMean <axes = [-1]> (q) e = Add (v, one) r = Sqrt (e) n = Div (d, r) "
        "g = Mul (weight, n) y = Add (bias, g)",
    ),
    "attention, scaled on both sides": (
        ATTENTION,
        "k = Transpose <perm = [0, 1, 3, 2]> (x) a = Mul (x, scale) b = Mul (k, scale) "
        "s = MatMul (a, b) p = Softmax <axis = -1> (s) y = MatMul (p, x)",
    ),
    "attention, scaled by a division": (
        ATTENTION,
        "k = Transpose <perm = [0, 1, 3, 2]> (x) s = MatMul (x, k) t = Div (s, root) "
        "p = Softmax <axis = -1> (t) y = MatMul (p, x)",
    ),
    "attention, q and k divided": (
        ATTENTION,
        "k = Transpose <perm = [0, 1, 3, 2]> (x) a = Div (x, root) b = Div (k, root) "
        "s = MatMul (a, b) p = Softmax <axis = 3> (s) y = MatMul (p, x)",
    ),
    "attention with a mask": (
        ATTENTION,
        "k = Transpose <perm = [0, 1, 3, 2]> (x) s = MatMul (x, k) t = Mul (s, scale) "
        "u = Add (mask, t) p = Softmax <axis = -1> (u) y = MatMul (p, x)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_idiom(name: str) -> None:
    key, body = CASES[name]
    statements = body.replace(") ", ")\n  ")
    model = parser.parse_model(
        f"{HEADER}g (float[2,3,4,8] x, float[2,1,1,4] mask) => (float[2,3,4,8] y)"
        f"{{{NUMBERS}  {statements}\n}}"
    )
    generator = np.random.default_rng(0)
    x = generator.normal(size=(2, 3, 4, 8)).astype(np.float32) * 3
    mask = generator.normal(size=(2, 1, 1, 4)).astype(np.float32)
    outcomes: Any = ReferenceEvaluator(model).run(None, {"x": x, "mask": mask})
    [expected] = outcomes
    graph = graph_of(lower_model(lift_model(model, "g"), Options(preset="faithful")).module)
    keys = [op.key.data for op in graph.block.ops if isinstance(op, CallOp)]
    assert key in keys and len(keys) <= 4
    [actual] = run_graph(graph, [to_torch(x), to_torch(mask)])
    np.testing.assert_allclose(from_torch(actual), expected, rtol=2e-5, atol=2e-6)
