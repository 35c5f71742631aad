"""`convert-onnx-to-torch`: every onnx operation becomes the torch.calls that it means."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp
from ramiel.operators.emitter import Unsupported
from ramiel.transforms.lowering import lower_block, report


@dataclass(frozen=True)
class ConvertOnnxToTorch(ModulePass):
    """onnx.X(…) -> torch.call(…).

    Raises RamielError listing all operations without a meaning, before anything is changed.
    """

    name = "convert-onnx-to-torch"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                errors: list[Unsupported] = []
                lower_block(graph.block, graph.store, errors)
                if errors:
                    raise report(errors)
                refresh_result_types(graph)


def refresh_result_types(graph: GraphOp) -> None:
    """The graph's results have the types of what it returns."""
    types = list(graph.output.values.types)
    graph.function_type = FunctionType.from_lists(graph.function_type.inputs.data, types)
