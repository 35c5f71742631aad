"""`convert-onnx-to-torch`: every onnx operation becomes the torch.calls that it means."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.dataflow import GraphOp
from ramiel.operators.emitter import Unsupported
from ramiel.transforms.lowering import lower, needs_lowering, report
from ramiel.weights import WeightStore


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
                convert_block(graph.block, graph.store, errors)
                if errors:
                    raise report(errors)
                refresh_result_types(graph)


def convert_block(block: Block, store: WeightStore, errors: list[Unsupported]) -> None:
    """Lower the operations of a block in order; what cannot be lowered goes to `errors`."""
    for op in list(block.ops):
        if not needs_lowering(op):
            continue
        try:
            emitted, values = lower(op, store)
        except Unsupported as error:
            errors.append(error)
            continue
        Rewriter.insert_op(emitted, InsertPoint.before(op))
        for result, value in zip(op.results, values, strict=True):
            if isinstance(value, SSAValue):
                result.replace_all_uses_with(value)
        if not any(result.uses for result in op.results):
            Rewriter.erase_op(op)


def refresh_result_types(graph: GraphOp) -> None:
    """The graph's results have the types of what it returns."""
    types = list(graph.output.values.types)
    graph.function_type = FunctionType.from_lists(graph.function_type.inputs.data, types)
