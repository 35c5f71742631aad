"""Running IR: a graph of torch.calls, evaluated operation by operation.

Constant folding runs single operations with it, tests run whole graphs after each pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from xdsl.ir import Block, Operation, SSAValue

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.torch import CalleeOperation
from ramiel.dialects.torch_control import IfOp, LoopOp, yielded
from ramiel.dialects.torch_function import InvokeOp
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


def run_block(block: Block, values: dict[SSAValue, Any], store: WeightStore) -> list[Any]:
    """Evaluate a region's block, whose arguments have their values; returns what it hands out."""
    for op in block.ops:
        if op is not block.last_op:
            run_operation(op, values, store)
    return [values[value] for value in yielded(block)]


def run_loop(op: LoopOp, values: dict[SSAValue, Any], store: WeightStore) -> list[Any]:
    """The results of a loop."""
    limit = values[op.limit] if op.limit is not None else op.count
    state = [values[value] for value in op.carried]
    lists: list[list[Any]] = [[] for _ in op.lists]
    index = 0
    while (limit is None or index < limit) and (op.CONDITIONS == 0 or state[0]):
        values.update(zip(op.block.args, [index, *state], strict=True))
        results = run_block(op.block, values, store)
        state, collected = results[: len(state)], results[len(state) :]
        for items, value in zip(lists, collected, strict=True):
            items.append(value)
        index += 1
    return [*state[op.CONDITIONS :], *lists]


def run_operation(op: Operation, values: dict[SSAValue, Any], store: WeightStore) -> None:
    """Evaluate one operation and put its results into `values`.

    Raises RamielError for an operation that has no meaning here.
    """
    match op:
        case ConstantOp(value=dense):
            values[op.result] = to_torch(from_dense(dense))
        case WeightOp(weight_name=name):
            values[op.result] = to_torch(store[name.data])
        case CalleeOperation():
            results = evaluate(op, [values[operand] for operand in op.operands])
            values.update(zip(op.results, results, strict=True))
        case IfOp():
            region = op.then_region if values[op.condition] else op.else_region
            values.update(zip(op.results, run_block(region.block, values, store), strict=True))
        case LoopOp():
            values.update(zip(op.results, run_loop(op, values, store), strict=True))
        case InvokeOp(callee=function):
            numbers = [n if isinstance(n, int) else values[n] for n in op.numbers]
            inputs, weights = ([values[v] for v in part] for part in (op.inputs, op.weights))
            given = [*inputs, *numbers, *weights]
            values.update(zip(function.block.args, given, strict=True))
            values.update(zip(op.results, run_block(function.block, values, store), strict=True))
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
