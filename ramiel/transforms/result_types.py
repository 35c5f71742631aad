"""Keeps a graph's signature true to what it returns."""

from __future__ import annotations

from xdsl.dialects.builtin import FunctionType

from ramiel.dialects.dataflow import GraphOp


def refresh_result_types(graph: GraphOp) -> None:
    """The graph's results have the types of what it returns."""
    types = list(graph.output.values.types)
    graph.function_type = FunctionType.from_lists(graph.function_type.inputs.data, types)
