"""Running IR: a graph of torch.calls, evaluated operation by operation.

Constant folding runs single operations with it, tests run whole graphs after each pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from xdsl.ir import Operation, SSAValue

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.errors import RamielError
from ramiel.operators.evaluation import evaluate
from ramiel.tensors import from_dense, to_torch
from ramiel.transforms.lowering import label, lower, needs_lowering
from ramiel.weights import WeightStore


def run_graph(graph: GraphOp, inputs: Sequence[Any]) -> list[Any]:
    """The graph's results on input tensors in order; onnx operations are lowered on the way."""
    values: dict[SSAValue, Any] = dict(zip(graph.block.args, inputs, strict=True))
    with torch.no_grad():
        for op in graph.block.ops:
            if op is not graph.output:
                run_operation(op, values, graph.store)
    return [values[value] for value in graph.output.values]


def run_operation(op: Operation, values: dict[SSAValue, Any], store: WeightStore) -> None:
    """Evaluate one operation and put its results into `values`.

    Raises RamielError for an operation that has no meaning here.
    """
    match op:
        case ConstantOp(value=dense):
            values[op.result] = to_torch(from_dense(dense))
        case WeightOp(weight_name=name):
            values[op.result] = to_torch(store[name.data])
        case CallOp():
            results = evaluate(op, [values[operand] for operand in op.operands])
            values.update(zip(op.results, results, strict=True))
        case _ if needs_lowering(op):
            emitted, lowered = lower(op, store)
            for call in emitted:
                run_operation(call, values, store)
            for result, value in zip(op.results, lowered, strict=True):
                if value is not None:
                    values[result] = values[value]
            for call in emitted:
                # The graph's values must not keep them as readers.
                call.drop_all_references()
        case _:
            raise RamielError(f"cannot run {label(op)}")
