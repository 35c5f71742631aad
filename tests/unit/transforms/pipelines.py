"""Running passes on small models, and the result as an ONNX model again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.transforms import get_all_passes

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.frontend import lift_model
from ramiel.frontend.types import to_proto
from ramiel.tensors import Array, from_dense
from ramiel.transforms.type_inference import to_node
from ramiel.universe import RAMIEL_UNIVERSE


def apply(module: ModuleOp, *passes: str) -> GraphOp:
    """Run passes by name, verifying after each; the one graph of the module."""
    for name in passes:
        factory = RAMIEL_UNIVERSE.all_passes.get(name) or get_all_passes()[name]
        factory()().apply(Context(), module)
        module.verify()
    graph = module.ops.first
    assert isinstance(graph, GraphOp)
    return graph


def transformed(model: ModelProto, *passes: str) -> GraphOp:
    """Lift a model and run passes on it."""
    return apply(lift_model(model, "model"), *passes)


def operators(graph: GraphOp) -> list[str]:
    """The operations of the graph by full name, weights, constants and the output left out."""
    skipped = (WeightOp, ConstantOp)
    ops = [op for op in graph.block.ops if not isinstance(op, skipped)]
    return [op.name.removeprefix("onnx.") for op in ops[:-1]]


def export(graph: GraphOp, opset: int = onnx.defs.onnx_opset_version()) -> ModelProto:
    """The graph as a model of an opset that has the forms of its operators."""
    names: dict[SSAValue, str] = {}
    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []
    inputs = [
        helper.make_value_info(f"input{index}", to_proto(argument.type))
        for index, argument in enumerate(graph.arguments)
    ]
    names.update({arg: f"input{index}" for index, arg in enumerate(graph.arguments)})
    for op in graph.block.ops:
        for result in op.results:
            names[result] = f"value{len(names)}"
        match op:
            case ConstantOp(value=dense, result=result):
                initializers.append(numpy_helper.from_array(from_dense(dense), names[result]))
            case WeightOp(weight_name=name, result=result):
                array = graph.store[name.data]
                initializers.append(numpy_helper.from_array(array, names[result]))
            case OnnxOperation():
                node = to_node(op)
                given = [value for value in op.inputs if value is not None]
                made = [value for value in op.outputs if value is not None]
                for field, values in ((node.input, given), (node.output, made)):
                    left = iter(values)
                    field[:] = [names[next(left)] if name else "" for name in field]
                nodes.append(node)
            case _:
                assert op is graph.output
    outputs = [
        helper.make_value_info(names[value], to_proto(value.type)) for value in graph.output.values
    ]
    body = helper.make_graph(nodes, "exported", inputs, outputs, initializers)
    return helper.make_model(body, ir_version=10, opset_imports=[helper.make_opsetid("", opset)])


def evaluate(model: ModelProto, inputs: Sequence[Array]) -> list[Any]:
    """What ONNX's reference implementation computes."""
    names = [value.name for value in model.graph.input]
    found = ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))
    return list(found)


def random(*shape: int, seed: int = 0, dtype: Any = np.float32) -> Array:
    """Normally distributed numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)
