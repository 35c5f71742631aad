"""ONNX attributes as attributes of the IR."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import AttributeProto
from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute

from ramiel.dialects.syntax import to_attribute
from ramiel.errors import RamielError
from ramiel.frontend.initializers import decode
from ramiel.frontend.types import from_proto
from ramiel.operators.emitter import shortest
from ramiel.tensors import to_dense


def _float(value: float) -> float:
    import numpy as np

    number = shortest(np.float32(value))
    assert isinstance(number, float)
    return number


def convert(attribute: AttributeProto, directory: Path) -> Attribute:
    """The IR's form of an attribute, graphs excepted.

    A FLOAT becomes the shortest decimal that is the same float32.  Raises RamielError for kinds
    that it has not.
    """
    match attribute.type:
        case AttributeProto.FLOAT:
            return to_attribute(_float(attribute.f))
        case AttributeProto.FLOATS:
            return to_attribute([_float(value) for value in attribute.floats])
        case AttributeProto.INT:
            return to_attribute(attribute.i)
        case AttributeProto.INTS:
            return to_attribute(list(attribute.ints))
        case AttributeProto.STRING:
            return StringAttr(_text(attribute.s))
        case AttributeProto.STRINGS:
            return ArrayAttr([StringAttr(_text(value)) for value in attribute.strings])
        case AttributeProto.TENSOR if attribute.t.data_type == onnx.TensorProto.STRING:
            values = decode(attribute.t, directory).reshape(-1).tolist()
            return ArrayAttr([StringAttr(_text(value)) for value in values])
        case AttributeProto.TENSOR:
            return to_dense(decode(attribute.t, directory))
        case AttributeProto.TYPE_PROTO:
            return from_proto(attribute.tp)
        case kind:
            kinds = {number: name for name, number in AttributeProto.AttributeType.items()}
            name = kinds.get(kind, kind)
            raise RamielError(f"attribute {attribute.name!r} of kind {name} is not supported")


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
