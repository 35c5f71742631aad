"""ONNX's types as types of the IR, and back."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, TypeProto
from xdsl.dialects.builtin import NoneType, TensorType, UnrankedTensorType
from xdsl.ir import Attribute

from ramiel import element_types
from ramiel.dialects.onnx import MapType, OptionalType, SequenceType, StringType
from ramiel.errors import RamielError
from ramiel.tensors import Dim, dims_of, tensor_type


def element_type(data_type: int) -> Attribute:
    """The element type of a TensorProto.DataType."""
    if data_type == TensorProto.STRING:
        return StringType()
    return element_types.of_onnx(data_type).mlir


def _dims(shape: onnx.TensorShapeProto) -> list[Dim]:
    dims: list[Dim] = []
    for dim in shape.dim:
        if dim.HasField("dim_value"):
            # Exporters write -1 for a size that is not known.
            dims.append("" if dim.dim_value == -1 else _natural(dim.dim_value))
        else:
            # A question mark is no name: two of them need not be the same size.
            dims.append("" if dim.dim_param == "?" else dim.dim_param)
    return dims


def _natural(size: int) -> int:
    if size < 0:
        raise RamielError(f"a dimension is {size}")
    return size


def from_proto(proto: TypeProto) -> Attribute:
    """The IR's type of a value.  Raises RamielError for one that it has not."""
    match proto.WhichOneof("value"):
        case "tensor_type":
            tensor = proto.tensor_type
            dims = _dims(tensor.shape) if tensor.HasField("shape") else None
            return tensor_type(element_type(tensor.elem_type), dims)
        case "sequence_type":
            return SequenceType(from_proto(proto.sequence_type.elem_type))
        case "optional_type":
            return OptionalType(from_proto(proto.optional_type.elem_type))
        case "map_type":
            key = element_type(proto.map_type.key_type)
            return MapType(key, from_proto(proto.map_type.value_type))
        case None:
            return NoneType()
        case kind:
            raise RamielError(f"values of {kind} are not supported")


def _proto_of_element(element: Attribute) -> int:
    if isinstance(element, StringType):
        return TensorProto.STRING
    return element_types.of_mlir(element).onnx


def to_proto(type: Attribute) -> TypeProto:
    """ONNX's type of a value: the inverse of `from_proto`."""
    match type:
        case TensorType() | UnrankedTensorType():
            dims = dims_of(type)
            shape: Sequence[int | str | None] | None = (
                None if dims is None else [dim if dim != "" else None for dim in dims]
            )
            return onnx.helper.make_tensor_type_proto(_proto_of_element(type.element_type), shape)
        case SequenceType():
            return onnx.helper.make_sequence_type_proto(to_proto(type.element_type))
        case OptionalType():
            return onnx.helper.make_optional_type_proto(to_proto(type.element_type))
        case _:
            return TypeProto()
