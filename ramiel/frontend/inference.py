"""Types of all values of a model, by ONNX's own shape inference."""

from __future__ import annotations

from dataclasses import dataclass, field

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, helper

from ramiel.errors import RamielError
from ramiel.onnx_process import OnnxCrash, OnnxFailure, OnnxRefusal, ask_model

PROPAGATED_ELEMENTS = 1024
"""Initializers of up to this many elements keep their values, which shapes may depend on."""


def _elements(tensor: TensorProto) -> int:
    count = 1
    for dim in tensor.dims:
        count *= dim
    return count


def say_default(copy: NodeProto, node: NodeProto) -> None:
    """Copy a node; STFT says its default, because ONNX's inference takes 0 for it."""
    copy.CopyFrom(node)
    names = {attribute.name for attribute in node.attribute}
    if node.op_type == "STFT" and not node.domain and "onesided" not in names:
        copy.attribute.append(helper.make_attribute("onesided", 1))


def skeleton(model: ModelProto) -> ModelProto:
    """The model without large tensors: they become inputs, so that inference copies no weights."""
    bare = ModelProto(ir_version=max(model.ir_version, 4), opset_import=model.opset_import)
    bare.functions.extend(model.functions)
    graph = bare.graph
    graph.name = model.graph.name or "graph"
    initializers = {tensor.name for tensor in model.graph.initializer}
    graph.input.extend(value for value in model.graph.input if value.name not in initializers)
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    for tensor in model.graph.initializer:
        if _elements(tensor) <= PROPAGATED_ELEMENTS and not tensor.external_data:
            graph.initializer.append(tensor)
        else:
            shape = list(tensor.dims)
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, shape))
    for node in model.graph.node:
        large = node.op_type == "Constant" and any(
            _elements(attribute.t) > PROPAGATED_ELEMENTS for attribute in node.attribute
        )
        if not large:
            say_default(graph.node.add(), node)
            continue
        tensor = node.attribute[0].t
        graph.input.append(
            helper.make_tensor_value_info(node.output[0], tensor.data_type, list(tensor.dims))
        )
    return bare


@dataclass(frozen=True)
class GraphTypes:
    """The types of a graph's values, and of the graphs inside it: siblings may repeat names."""

    values: dict[str, TypeProto] = field(default_factory=dict[str, TypeProto])
    inner: dict[tuple[str, str], GraphTypes] = field(
        default_factory=dict[tuple[str, str], "GraphTypes"]
    )
    """By the first result of the node and the attribute's name."""

    def of_body(self, node: NodeProto, attribute: str) -> GraphTypes:
        """Those of a graph that is a node's attribute."""
        return self.inner.get((_first_result(node), attribute), _UNKNOWN)


_UNKNOWN = GraphTypes()


def _first_result(node: NodeProto) -> str:
    return next((name for name in node.output if name), "")


def _collect(graph: GraphProto) -> GraphTypes:
    found = GraphTypes()
    for value in graph.value_info:
        # Of a branch that cannot be taken ONNX infers sizes below 0.
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.Clear()
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.WhichOneof("value") is not None:
            found.values[value.name] = value.type
    for tensor in graph.initializer:
        type = helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
        found.values[tensor.name] = type
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found.inner[_first_result(node), attribute.name] = _collect(attribute.g)
    return found


def infer_types(model: ModelProto) -> GraphTypes:
    """The type of each value that ONNX can infer.

    Raises RamielError if the model's types contradict each other, or ONNX cannot cope with it.
    """
    try:
        inferred = ask_model(b"infer_model", skeleton(model))
    except (OnnxFailure, OnnxCrash) as error:
        raise RamielError(f"ONNX cannot infer the model's types: {error}") from error
    except OnnxRefusal as error:
        raise RamielError(f"the model's types contradict each other: {error}") from error
    return _collect(inferred.graph)
