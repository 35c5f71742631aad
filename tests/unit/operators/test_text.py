"""Tensors of strings are NumPy arrays of Python strings in the generated code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

from ramiel.errors import RamielError
from ramiel.onnx_backend import prepare

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'
WORDS = np.array([["a b", "c"], ["", " d  e f "]], dtype=object)

MODELS = {
    "concatenated": ("y = StringConcat(x, x)", "string[2, 2]"),
    "compared": ("y = Equal(x, x)", "bool[2, 2]"),
    "split at whitespace": ("y, n = StringSplit(x)", "string[2, 2, m]"),
    "split twice at most": (
        'y, n = StringSplit<delimiter = " ", maxsplit = 2>(x)',
        "string[a, b, c]",
    ),
    "matched": ('y = RegexFullMatch<pattern = "[a-c ]*">(x)', "bool[2, 2]"),
}


@pytest.mark.parametrize("name", MODELS)
def test_like_the_reference(name: str) -> None:
    body, type = MODELS[name]
    model = parser.parse_model(f"{HEAD} agraph (string[2, 2] x) => ({type} y) {{ {body} }}")
    [expected] = ReferenceEvaluator(model).run(None, {"x": WORDS})
    [y] = prepare(model).run([WORDS])
    wanted: Any = expected
    assert y.shape == wanted.shape and y.tolist() == wanted.tolist()


CONSTANTS = {
    "an initializer": ('string[2] w = {"x", "é"}', "y = StringConcat(x, w)"),
    "a Constant of a tensor": (
        "",
        'w = Constant<value = string[2, 1] {"x", ""}>() y = StringConcat(x, w)',
    ),
    "a Constant of strings": (
        "",
        'w = Constant<value_strings = ["x", "y"]>() y = StringConcat(x, w)',
    ),
    "a Constant of a string": ("", 'w = Constant<value_string = "x">() y = StringConcat(x, w)'),
    "read in a branch": (
        'string[2] w = {"x", "y"}',
        "n = Size(x) four = Constant<value_int = 4>() c = Equal(n, four) y = If(c) <"
        "then_branch = a () => (string[2, 2] t) { t = StringConcat(x, w) }, "
        'else_branch = b () => (string[2, 2] e) <string[2] v = {"p", "q"}> '
        "{ e = StringConcat(x, v) }>",
    ),
    "folded": ('string[2] w = {"x", "y"}', "v = StringConcat(w, w) y = StringConcat(x, v)"),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_strings_may_be_constant(name: str) -> None:
    weights, body = CONSTANTS[name]
    model = parser.parse_model(
        f"{HEAD} agraph (string[2, 2] x) => (string[2, 2] y) <{weights}> {{ {body} }}"
    )
    [expected] = ReferenceEvaluator(model).run(None, {"x": WORDS})
    [y] = prepare(model).run([WORDS])
    wanted: Any = expected
    assert y.shape == wanted.shape and y.tolist() == wanted.tolist()


def test_stop_words_go_whatever_their_case() -> None:
    model = parser.parse_model(
        f"{HEAD} agraph (string[3] x) => (string[n] y) "
        '{ y = StringNormalizer<case_change_action = "UPPER", stopwords = ["monday"]>(x) }'
    )
    [y] = prepare(model).run([np.array(["Monday", "tuesday", "b"], dtype=object)])
    assert y.tolist() == ["TUESDAY", "B"]


@pytest.mark.parametrize("pattern", [r"\pN+", "(?i)a", "a*+", "[[:alpha:]]"])
def test_a_pattern_that_python_reads_differently_is_refused(pattern: str) -> None:
    model = parser.parse_model(
        f"{HEAD} agraph (string[2] x) => (bool[2] y) "
        '{ y = RegexFullMatch<pattern = "PATTERN">(x) }'
    )
    model.graph.node[0].attribute[0].s = pattern.encode()
    with pytest.raises(RamielError, match="pattern"):
        prepare(model)


def test_an_operator_that_is_not_for_strings_is_refused_by_name() -> None:
    model = parser.parse_model(
        f"{HEAD} agraph (string[2, 2] x) => (string[2, 2] y) {{ y = Transpose(x) }}"
    )
    with pytest.raises(RamielError, match=r"\(Transpose.*: is not supported on strings"):
        prepare(model)
