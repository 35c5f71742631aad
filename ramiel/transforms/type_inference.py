"""Types of one operation's results by ONNX's own inference, and what two types say together."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import onnx
from google.protobuf.message import Message
from onnx import AttributeProto, NodeProto, TensorProto, TypeProto, numpy_helper, shape_inference
from onnx.defs import OpSchema
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, UnrankedTensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.rewriter import Rewriter

from ramiel import tensors
from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.syntax import to_literal
from ramiel.errors import RamielError
from ramiel.frontend.inference import say_default
from ramiel.frontend.types import from_proto, to_proto
from ramiel.onnx_process import OnnxFailure, ask
from ramiel.tensors import Array, Dim, dims_of, element_of, static_shape, tensor_type
from ramiel.transforms.microsoft_types import infer_by_rule
from ramiel.weights import WeightStore

PROPAGATED_ELEMENTS = 1024
"""Constants of up to this many elements are read where a shape may depend on their values."""

_KINDS = {
    OpSchema.AttrType.FLOAT: (AttributeProto.FLOAT, "f"),
    OpSchema.AttrType.INT: (AttributeProto.INT, "i"),
    OpSchema.AttrType.STRING: (AttributeProto.STRING, "s"),
    OpSchema.AttrType.FLOATS: (AttributeProto.FLOATS, "floats"),
    OpSchema.AttrType.INTS: (AttributeProto.INTS, "ints"),
    OpSchema.AttrType.STRINGS: (AttributeProto.STRINGS, "strings"),
}


def constant_value(value: SSAValue | None, store: WeightStore) -> Array | None:
    """The tensor if it is known when compiling and small, else None."""
    match value.owner if value is not None else None:
        case ConstantOp(value=dense):
            return tensors.from_dense(dense)
        case WeightOp(weight_name=name, result=result):
            shape = static_shape(result.type)
            small = shape is not None and _count(shape) <= PROPAGATED_ELEMENTS
            return store[name.data] if small else None
        case _:
            return None


def _count(shape: Sequence[int]) -> int:
    return functools.reduce(lambda product, dim: product * dim, shape, 1)


def to_node(op: OnnxOperation) -> NodeProto:
    """The NodeProto of an operation without graphs, its values called i0, i1, … and o0, o1, …"""
    node = NodeProto(op_type=op.operator, domain=op.domain)
    node.input.extend(_names("i", op.inputs))
    node.output.extend(_names("o", op.outputs))
    for name, formal in op.SCHEMA.attributes.items():
        if name in op.properties:
            node.attribute.append(_attribute(name, formal.type, op.properties[name]))
    return node


def _names(prefix: str, slots: Sequence[SSAValue | None]) -> list[str]:
    """Names of positional slots, "" for an absent one, none for those absent at the end."""
    names = ["" if slot is None else f"{prefix}{n}" for n, slot in enumerate(slots)]
    while names and not names[-1]:
        names.pop()
    return names


def _attribute(name: str, kind: OpSchema.AttrType, attribute: Attribute) -> AttributeProto:
    proto = AttributeProto(name=name)
    if isinstance(attribute, DenseIntOrFPElementsAttr):
        proto.type = AttributeProto.TENSOR
        proto.t.CopyFrom(numpy_helper.from_array(tensors.from_dense(attribute)))  # pyright: ignore[reportUnknownArgumentType]
    elif kind == OpSchema.AttrType.TENSOR:
        proto.type = AttributeProto.TENSOR
        texts: Any = to_literal(attribute)
        proto.t.CopyFrom(onnx.helper.make_tensor("", TensorProto.STRING, [len(texts)], texts))
    elif kind == OpSchema.AttrType.TYPE_PROTO:
        proto.type = AttributeProto.TYPE_PROTO
        proto.tp.CopyFrom(to_proto(attribute))
    elif kind in _KINDS:
        proto.type, field = _KINDS[kind]
        value: Any = to_literal(attribute)
        if kind == OpSchema.AttrType.STRING:
            proto.s = value.encode()
        elif kind == OpSchema.AttrType.STRINGS:
            proto.strings.extend(text.encode() for text in value)
        elif isinstance(value, list):
            getattr(proto, field).extend(value)
        else:
            setattr(proto, field, value)
    return proto


@functools.lru_cache(maxsize=4096)
def _proto(type: Attribute) -> TypeProto:
    return to_proto(type)


def _is_string_constant(op: OnnxOperation) -> bool:
    """Whether only the declared type knows the shape: the attribute lists the strings."""
    return op.operator == "Constant" and isinstance(element_of(op.results[0].type), StringType)


def infer_result_types(op: OnnxOperation, store: WeightStore) -> list[Attribute | None]:
    """What ONNX infers for each result from the operands' types and small constant values.

    None where it infers nothing, also for operators that hold graphs.  Raises RamielError if the
    operands contradict the operator's definition.
    """
    unknown: list[Attribute | None] = [None] * len(op.results)
    if op.regions or _is_string_constant(op):
        return unknown
    if not op.SCHEMA.has_type_and_shape_inference_function:
        return infer_by_rule(op, partial(infer_result_types, store=store))
    types: dict[str, TypeProto] = {}
    data: dict[str, TensorProto] = {}
    for index, operand in enumerate(op.inputs):
        if operand is None:
            continue
        types[f"i{index}"] = _proto(operand.type)
        array = constant_value(operand, store)
        if array is not None:
            data[f"i{index}"] = numpy_helper.from_array(array)
    node = NodeProto()
    say_default(node, to_node(op))
    inferred = _infer_outputs(op, node, types, data)
    if inferred is None:
        return unknown
    names = [name for name in node.output if name]
    results = [from_proto(inferred[name]) if name in inferred else None for name in names]
    if op.operator == "Reshape" and len(op.operands) == 2:
        target = constant_value(op.input(1), store)
        dims = None if target is None else reshaped_dims(op.input(0).type, target.tolist())
        element = element_of(op.input(0).type)
        if dims is not None and element is not None and not op.attribute("allowzero"):
            return [tensor_type(element, dims)]
    return results


def _infer_outputs(
    op: OnnxOperation,
    node: NodeProto,
    types: Mapping[str, TypeProto],
    data: Mapping[str, TensorProto],
) -> Mapping[str, TypeProto] | None:
    """The types of a node's outputs, None if ONNX cannot say.

    Raises RamielError if ONNX refuses the node.
    """
    if op.domain not in ONNX_DOMAINS:
        # The child knows no schemas of extensions; their code is as trusted as ours.
        opset = onnx.helper.make_opsetid(op.domain, op.version)
        try:
            return shape_inference.infer_node_outputs(
                op.SCHEMA, node, dict(types), dict(data), opset_imports=[opset]
            )
        except shape_inference.InferenceError as error:
            raise RamielError(str(error).strip()) from error
        except (KeyError, RuntimeError):
            return None
    operands = [part for pairs in (types, data) for part in _serialized(pairs)]
    head = (op.operator, op.domain, str(op.version), str(len(types)))
    texts = tuple(text.encode() for text in head)
    try:
        answer = _ask_once((b"infer_node", *texts, node.SerializeToString(), *operands))
    except OnnxFailure:
        return None
    return {
        name.decode(): TypeProto.FromString(type)
        for name, type in zip(answer[::2], answer[1::2], strict=True)
    }


ONNX_DOMAINS = ("", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training")


def _serialized(items: Mapping[str, Message]) -> Iterator[bytes]:
    for name, item in items.items():
        yield name.encode()
        yield item.SerializeToString()


@functools.lru_cache(maxsize=4096)
def _ask_once(request: tuple[bytes, ...]) -> list[bytes]:
    """Layers of a model repeat: what was asked once is not asked again."""
    return ask(*request)


def reshaped_dims(operand: Attribute, target: Sequence[int]) -> list[Dim] | None:
    """The result's dimensions of a Reshape that copies dynamic ones: ONNX infers no -1 then.

    [n, m, 48] to [0, 0, 4, -1] is [n, m, 4, 12]: what is copied cancels out.
    """
    dims = dims_of(operand)
    copied = [index for index, size in enumerate(target) if size == 0]
    if dims is None or not copied or copied[-1] >= len(dims):
        return None
    left = [dim for index, dim in enumerate(dims) if index not in copied]
    known = _count([dim for dim in left if isinstance(dim, int)])
    divisor = _count([size for size in target if size > 0])
    exact = all(isinstance(dim, int) for dim in left) and known % divisor == 0
    rest: Dim = known // divisor if exact else ""
    return [
        dims[index] if size == 0 else rest if size == -1 else size
        for index, size in enumerate(target)
    ]


def _refined_dim(declared: Dim, inferred: Dim) -> Dim:
    """Whichever dimension says more: a number, then a name that is declared, then any name."""
    if isinstance(declared, int) or (declared and not isinstance(inferred, int)):
        return declared
    return inferred


def contradict(declared: Attribute, inferred: Attribute) -> bool:
    """Whether no tensor has both types."""
    first, second = dims_of(declared), dims_of(inferred)
    if first is None or second is None:
        return False
    return len(first) != len(second) or any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(first, second, strict=True)
    )


def refined(declared: Attribute, inferred: Attribute) -> Attribute:
    """All that two types of one tensor say together; the second if they contradict each other."""
    element = element_of(inferred)
    if element is None or element_of(declared) is None or contradict(declared, inferred):
        return inferred
    first, second = dims_of(declared), dims_of(inferred)
    if first is None or second is None:
        ranked = declared if second is None else inferred
        return UnrankedTensorType(element) if dims_of(ranked) is None else ranked
    dims = [_refined_dim(a, b) for a, b in zip(first, second, strict=True)]
    return tensor_type(element, dims)


def set_type(value: SSAValue, type: Attribute) -> SSAValue:
    """Give a value another type; returns the value that takes its place, maybe itself."""
    if value.type == type:
        return value
    return Rewriter.replace_value_with_new_type(value, type)
