"""How operators are checked: a model of one node, compiled, against ONNX's own evaluators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.frontend import lift_model
from ramiel.operators.interpreter import run_graph
from ramiel.operators.rendering import render
from ramiel.tensors import Array, from_torch, to_torch
from ramiel.transforms.convert_onnx_to_torch import ConvertOnnxToTorch
from ramiel.transforms.infer_shapes import InferShapes

OPSET = 22


def model_of(
    operator: str,
    inputs: Sequence[Array | None],
    outputs: int = 1,
    *,
    opset: int = OPSET,
    domain: str = "",
    baked: bool = False,
    dynamic: bool = False,
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node on the inputs (None: absent).

    `baked` makes all but the first of them initializers; `dynamic` gives no size of the first.
    """
    names = ["" if array is None else f"x{index}" for index, array in enumerate(inputs)]
    values: list[onnx.ValueInfoProto] = []
    initializers: list[onnx.TensorProto] = []
    for index, (name, array) in enumerate(zip(names, inputs, strict=True)):
        if array is None:
            continue
        if baked and index > 0:
            initializers.append(numpy_helper.from_array(array, name))
            continue
        data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        shape: list[int | str] = [*array.shape]
        if dynamic and index == 0:
            shape = [f"dim_{axis}" for axis in range(array.ndim)]
        values.append(helper.make_tensor_value_info(name, data_type, shape))
    results = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(operator, names, results, name="node", domain=domain, **attributes)
    empty = [onnx.ValueInfoProto(name=name) for name in results]
    graph = helper.make_graph([node], "graph", values, empty, initializers)
    imports = [helper.make_opsetid("", opset)]
    if domain:
        imports.append(helper.make_opsetid(domain, 1))
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(model)
    for output, found in zip(model.graph.output, inferred.graph.output, strict=True):
        output.CopyFrom(found)
    return model


def compiled(model: onnx.ModelProto) -> GraphOp:
    """The graph of torch.calls that a model becomes."""
    module = lift_model(model, "model")
    if any(entry.domain for entry in model.opset_import):
        # The model declares no types: ONNX knows none.
        InferShapes().apply(Context(), module)
    ConvertOnnxToTorch().apply(Context(), module)
    module.verify()
    return graph_of(module)


def graph_of(module: ModuleOp) -> GraphOp:
    """The module's graph."""
    return next(op for op in module.ops if isinstance(op, GraphOp))


def lines(model: onnx.ModelProto) -> list[str]:
    """The expressions that a model prints; operands are named as in the model, else v0, v1, …."""
    graph = compiled(model)
    names: dict[SSAValue, str] = {
        value: f"x{index}" for index, value in enumerate(graph.block.args)
    }
    printed: list[str] = []
    for op in graph.block.ops:
        for result in op.results:
            hint = result.name_hint if isinstance(op, WeightOp | ConstantOp) else None
            names[result] = hint or f"v{len(names) - len(graph.block.args)}"
        if isinstance(op, CallOp):
            printed.append(render(op, names.__getitem__))
    return printed


def run(model: onnx.ModelProto, inputs: Sequence[Array]) -> list[Array]:
    """What the compiled model gives."""
    graph = compiled(model)
    types = graph.output.values.types
    results = run_graph(graph, [*map(to_torch, inputs)])
    return [from_torch(value, type) for value, type in zip(results, types, strict=True)]


def check(
    operator: str,
    inputs: Sequence[Array | None],
    outputs: int = 1,
    *,
    opset: int = OPSET,
    expected: Sequence[Array] | None = None,
    oracle: str = "reference",
    dynamic: bool = True,
    rtol: float = 1e-5,
    atol: float = 1e-5,
    **attributes: Any,
) -> None:
    """Compile the node with its operands as inputs, baked in and with unknown sizes, and compare
    each with `expected`, by default what the oracle gives: the reference evaluator, or
    "onnxruntime".  Not `dynamic`: sizes must be known."""
    for baked in (False, True):
        for unknown in (False, True) if dynamic else (False,):
            model = model_of(
                operator,
                inputs,
                outputs,
                opset=opset,
                baked=baked,
                dynamic=unknown,
                **attributes,
            )
            given = [array for array in (inputs[:1] if baked else inputs) if array is not None]
            if expected is None:
                expected = oracle_results(model, given, oracle)
            compare(run(model, given), expected, rtol, atol)


def oracle_results(model: onnx.ModelProto, inputs: Sequence[Array], oracle: str) -> list[Array]:
    """What ONNX's reference evaluator, or onnxruntime, gives."""
    named = {value.name: x for value, x in zip(model.graph.input, inputs, strict=True)}
    if oracle == "reference":
        results = cast("list[Array]", ReferenceEvaluator(model).run(None, named))
        return [np.asarray(y) for y in results]
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    return [np.asarray(y) for y in cast("list[Array]", session.run(None, named))]


def compare(found: Sequence[Array], expected: Sequence[Array], rtol: float, atol: float) -> None:
    """Shapes, dtypes and values agree; NaN equals NaN."""
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        if ours.dtype.kind in "iub":
            np.testing.assert_array_equal(ours, theirs)
        else:
            wide = [array.astype(np.float64) for array in (ours, theirs)]
            np.testing.assert_allclose(*wide, rtol=rtol, atol=atol)
