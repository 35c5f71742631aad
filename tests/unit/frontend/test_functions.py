"""Functions of a model: expanded whatever they call, hold or leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import ramiel.onnx_backend as backend

X = np.array([[-1.0, 2.0, 3.0]], np.float32)
HEADER = '<ir_version: 10, opset_import: ["" : 21, "custom" : 1, "other" : 1]>\n'
MODELS = {
    "function-that-calls-a-function": """
        agraph (float[1, 3] x) => (float[1, 3] y) { y = custom.outer (x) }
        <domain: "custom", opset_import: ["" : 21, "other" : 1]>
        outer (a) => (b) { c = Neg (a)  d = other.inner (c)  b = Add (d, a) }
        <domain: "other", opset_import: ["" : 21]>
        inner (a) => (b) { b = Exp (a) }
    """,
    "attribute-through-two-levels": """
        agraph (float[1, 3] x) => (float[1, 3] y) { y = custom.outer <slope = 0.5> (x) }
        <domain: "custom", opset_import: ["" : 21, "other" : 1]>
        outer <slope> (a) => (b) { b = other.inner <alpha: float = @slope> (a) }
        <domain: "other", opset_import: ["" : 21]>
        inner <alpha> (a) => (b) { b = LeakyRelu <alpha: float = @alpha> (a) }
    """,
    "attribute-with-a-default": """
        agraph (float[1, 3] x) => (float[1, 3] y) {
            half = custom.leak (x)
            y = custom.leak <slope = 0.25> (half)
        }
        <domain: "custom", opset_import: ["" : 21]>
        leak <slope: float = 0.5> (a) => (b) { b = LeakyRelu <alpha: float = @slope> (a) }
    """,
    "optional-input-missing": """
        agraph (float[1, 3] x) => (float[1, 3] y) {
            high = Constant <value = float {1.5}> ()
            y = custom.limit (x, , high)
        }
        <domain: "custom", opset_import: ["" : 21]>
        limit (a, low, high) => (b) { b = Clip (a, low, high) }
    """,
    "last-optional-input-missing": """
        agraph (float[1, 3] x) => (float[1, 3] y) {
            low = Constant <value = float {0.5}> ()
            y = custom.limit (x, low)
        }
        <domain: "custom", opset_import: ["" : 21]>
        limit (a, low, high) => (b) { b = Clip (a, low, high) }
    """,
    "standard-name-in-another-domain": """
        agraph (float[1, 3] x) => (float[1, 3] y) { t = custom.Relu (x)  y = Relu (t) }
        <domain: "custom", opset_import: ["" : 21]>
        Relu (a) => (b) { b = Neg (a) }
    """,
    "function-with-branches": """
        agraph (float[1, 3] x) => (float[1, 3] y) { y = custom.choose (x) }
        <domain: "custom", opset_import: ["" : 21]>
        choose (a) => (b) {
            sum = ReduceSum <keepdims = 0> (a)
            zero = Constant <value = float {0}> ()
            positive = Greater (sum, zero)
            b = If (positive) <
                then_branch = yes () => (p) { p = Mul (a, sum) },
                else_branch = no () => (n) { n = Neg (a) }
            >
        }
    """,
    "function-called-in-a-branch": """
        agraph (float[1, 3] x) => (float[1, 3] y) {
            yes = Constant <value = bool {1}> ()
            y = If (yes) <
                then_branch = yes () => (p) { p = custom.twice (x) },
                else_branch = no () => (n) { n = Identity (x) }
            >
        }
        <domain: "custom", opset_import: ["" : 21]>
        twice (a) => (b) { b = Add (a, a) }
    """,
    "values-of-the-same-name": """
        agraph (float[1, 3] x) => (float[1, 3] y) {
            t = Neg (x)  u = custom.twice (t)  v = custom.twice (u)  y = Add (t, v)
        }
        <domain: "custom", opset_import: ["" : 21]>
        twice (x) => (y) { t = Add (x, x)  y = Identity (t) }
    """,
    "result-that-nobody-reads": """
        agraph (float[1, 3] x) => (float[1, 3] y) { y, unused = custom.both (x) }
        <domain: "custom", opset_import: ["" : 21]>
        both (a) => (b, c) { b = Exp (a)  c = Neg (a) }
    """,
}


def parse(text: str) -> Any:
    return onnx.parser.parse_model(HEADER + text)


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_functions_are_expanded(text: str) -> None:
    model = parse(text)
    [found] = backend.run_model(model, [X])
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    [expected] = session.run(None, {"x": X})
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_operator_without_a_meaning_is_what_the_standard_says_it_is_made_of() -> None:
    node = onnx.helper.make_node("MeanVarianceNormalization", ["x"], ["y"], axes=[1])
    [found] = backend.run_node(node, [X])
    expected = (X - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
