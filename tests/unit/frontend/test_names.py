"""Readable variables from the names that exporters write."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramiel.frontend.names import MAX_LENGTH, identifier, node_hint


@pytest.mark.parametrize(
    ("node", "operator", "hint"),
    [
        # Segments that repeat the one before them add nothing.
        ("/layer1/layer1.0/conv1/Conv", "Conv", "layer1_0_conv1"),
        ("/features/features.3/squeeze/Conv", "Conv", "features_3_squeeze_conv"),
        # Neither does the operator where the module's name says it.
        ("/relu1/Relu", "Relu", "relu1"),
        ("/conv1/Conv_1", "Conv", "conv1"),
        ("/fc/Gemm", "Gemm", "fc_gemm"),
        ("Relu_12", "Relu", "relu_12"),
        ("mixed0/conv/Conv2D", "Conv", "mixed0_conv2d"),
    ],
)
def test_hints_of_nodes(node: str, operator: str, hint: str) -> None:
    assert node_hint(node, operator, "output") == hint


def test_a_node_without_a_name_has_that_of_its_output() -> None:
    assert node_hint("", "Conv", "conv.0/out") == "conv_0_out"
    assert node_hint("", "Conv", "217") == "conv_217"


@pytest.mark.parametrize(
    ("text", "name"),
    [("class", "class_"), ("3", "value_3"), ("größe", "gr_e"), ("", "value"), ("a\nb", "a_b")],
)
def test_identifiers(text: str, name: str) -> None:
    assert identifier(text) == name


def test_long_names_keep_their_end() -> None:
    name = identifier("block." * 30 + "attention.query")
    assert len(name) <= MAX_LENGTH
    assert name.endswith("block_attention_query")


@given(st.text(), st.text(), st.text(min_size=1))
def test_any_name_gives_an_identifier(node: str, operator: str, output: str) -> None:
    for name in (identifier(node), node_hint(node, operator or "Conv", output)):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
