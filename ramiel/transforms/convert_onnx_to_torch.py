"""`convert-onnx-to-torch`: every onnx operation becomes the torch.calls that it means."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Unsupported
from ramiel.tensors import dims_of
from ramiel.transforms.infer_shapes import infer_operation
from ramiel.transforms.lowering import lower_block, report
from ramiel.transforms.result_types import refresh_result_types


@dataclass(frozen=True)
class ConvertOnnxToTorch(ModulePass):
    """onnx.X(…) -> torch.call(…).

    Raises RamielError listing all operations without a meaning, before anything is changed.
    """

    name = "convert-onnx-to-torch"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                infer_what_is_unknown(graph)
                errors: list[Unsupported] = []
                lower_block(graph.block, graph.store, errors)
                if errors:
                    raise report(errors)
                refresh_result_types(graph)


def infer_what_is_unknown(graph: GraphOp) -> None:
    """Types of results that nobody has inferred yet: without one, they would count as f32."""
    for op in graph.walk():
        if isinstance(op, OnnxOperation) and None in map(dims_of, op.result_types):
            infer_operation(op, graph.store)
