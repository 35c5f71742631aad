"""Models written in ONNX's own text, and their lifted form."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import onnx.parser
import pytest
from onnx import ModelProto
from xdsl.ir import Operation
from xdsl.printer import Printer

from ramiel.dialects.dataflow import GraphOp
from ramiel.frontend import lift_model

HEAD = '<ir_version: 8, opset_import: ["": 17, "com.acme": 1]>\n'


def graph_of(model: ModelProto) -> GraphOp:
    """The one graph of a lifted model."""
    [graph] = lift_model(model, "model").ops
    assert isinstance(graph, GraphOp)
    graph.verify()
    return graph


@pytest.fixture
def parse() -> Callable[[str], ModelProto]:
    """A model from its text, of opset 17."""
    return lambda text: onnx.parser.parse_model(HEAD + text)


@pytest.fixture
def lift() -> Callable[[str | ModelProto], GraphOp]:
    """The graph of a model, or of its text."""

    def lift(model: str | ModelProto) -> GraphOp:
        if isinstance(model, ModelProto):
            return graph_of(model)
        return graph_of(onnx.parser.parse_model(HEAD + model))

    return lift


@pytest.fixture
def text() -> Callable[[Operation], str]:
    """An operation as it is printed, with locations."""

    def text(op: Operation) -> str:
        stream = StringIO()
        Printer(stream, print_debuginfo=True).print_op(op)
        return stream.getvalue().replace(" loc(unknown)", "")

    return text
