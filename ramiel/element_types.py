"""The element types of tensors, under their names in xDSL, ONNX, numpy and torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx.helper
from onnx import TensorProto
from xdsl.dialects.builtin import (
    BFloat16Type,
    ComplexType,
    Float4E2M1FNType,
    Float6E2M3FNType,
    Float6E3M2FNType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    IntegerType,
    Signedness,
    TensorType,
    UnrankedTensorType,
    f16,
    f32,
    f64,
    i1,
)
from xdsl.ir import Attribute

from ramiel.errors import RamielError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ElementType:
    """One element type: MLIR type, TensorProto.DataType, bits, and the torch dtype it has."""

    mlir: Attribute
    onnx: int
    bits: int
    torch: str
    carried: bool = False
    """torch has no such dtype: `torch` is one that holds all its numbers, one to an element."""

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype that onnx uses, from ml_dtypes where numpy has none."""
        return onnx.helper.tensor_dtype_to_np_dtype(self.onnx)

    @property
    def onnx_name(self) -> str:
        """The name in the type constraints of ONNX's schemas, such as "float4e2m1"."""
        return TensorProto.DataType.Name(cast("Any", self.onnx)).lower()

    @property
    def bytes(self) -> int:
        """Bytes of one element in memory, at least 1."""
        return max(self.bits // 8, 1)


def _unsigned(bits: int) -> IntegerType:
    return IntegerType(bits, Signedness.UNSIGNED)


def _table() -> list[ElementType]:
    T = TensorProto
    return [
        ElementType(f32, T.FLOAT, 32, "float32"),
        ElementType(f64, T.DOUBLE, 64, "float64"),
        ElementType(f16, T.FLOAT16, 16, "float16"),
        ElementType(BFloat16Type(), T.BFLOAT16, 16, "bfloat16"),
        ElementType(i1, T.BOOL, 8, "bool"),
        ElementType(IntegerType(8), T.INT8, 8, "int8"),
        ElementType(IntegerType(16), T.INT16, 16, "int16"),
        ElementType(IntegerType(32), T.INT32, 32, "int32"),
        ElementType(IntegerType(64), T.INT64, 64, "int64"),
        ElementType(_unsigned(8), T.UINT8, 8, "uint8"),
        ElementType(_unsigned(16), T.UINT16, 16, "uint16"),
        ElementType(_unsigned(32), T.UINT32, 32, "uint32"),
        ElementType(_unsigned(64), T.UINT64, 64, "uint64"),
        ElementType(ComplexType(f32), T.COMPLEX64, 64, "complex64"),
        ElementType(ComplexType(f64), T.COMPLEX128, 128, "complex128"),
        ElementType(Float8E4M3FNType(), T.FLOAT8E4M3FN, 8, "float8_e4m3fn"),
        ElementType(Float8E4M3FNUZType(), T.FLOAT8E4M3FNUZ, 8, "float8_e4m3fnuz"),
        ElementType(Float8E5M2Type(), T.FLOAT8E5M2, 8, "float8_e5m2"),
        ElementType(Float8E5M2FNUZType(), T.FLOAT8E5M2FNUZ, 8, "float8_e5m2fnuz"),
        ElementType(Float8E8M0FNUType(), T.FLOAT8E8M0, 8, "float8_e8m0fnu"),
        ElementType(IntegerType(4), T.INT4, 4, "int8", carried=True),
        ElementType(_unsigned(4), T.UINT4, 4, "uint8", carried=True),
        ElementType(Float4E2M1FNType(), T.FLOAT4E2M1, 4, "float8_e4m3fn", carried=True),
        *_newest(),
    ]


def _newest() -> list[ElementType]:
    """The carried types that only newer versions of onnx have."""
    types: list[tuple[str, Attribute, int, str]] = [
        ("INT2", IntegerType(2), 2, "int8"),
        ("UINT2", _unsigned(2), 2, "uint8"),
        ("FLOAT6E2M3", Float6E2M3FNType(), 6, "float8_e4m3fn"),
        ("FLOAT6E3M2", Float6E3M2FNType(), 6, "float8_e4m3fn"),
    ]
    numbers = dict(TensorProto.DataType.items())
    return [
        ElementType(mlir, numbers[name], bits, carrier, carried=True)
        for name, mlir, bits, carrier in types
        if name in numbers
    ]


ELEMENT_TYPES = _table()
_BY_MLIR = {element.mlir: element for element in ELEMENT_TYPES}
_BY_ONNX = {element.onnx: element for element in ELEMENT_TYPES}
_BY_TORCH = {element.torch: element for element in ELEMENT_TYPES if not element.carried}
_BY_NAME = {element.numpy.name: element for element in ELEMENT_TYPES}
_BY_NUMPY = {element.numpy: element for element in ELEMENT_TYPES}


def of_mlir(type: Attribute) -> ElementType:
    """The element type of a tensor type, or of an element type.  Raises RamielError if unknown."""
    if isinstance(type, TensorType | UnrankedTensorType):
        type = cast("TensorType[Attribute]", type).element_type
    if type not in _BY_MLIR:
        raise RamielError(f"no element type {type}")
    return _BY_MLIR[type]


def of_onnx(data_type: int) -> ElementType:
    """The element type of a TensorProto.DataType.  Raises RamielError if unknown."""
    if data_type not in _BY_ONNX:
        raise RamielError(f"unknown tensor data type {data_type}")
    return _BY_ONNX[data_type]


def of_numpy(dtype: np.dtype[Any]) -> ElementType:
    """The element type of a numpy dtype.  Raises RamielError if unknown."""
    if dtype not in _BY_NUMPY:
        raise RamielError(f"no tensors of {dtype}")
    return _BY_NUMPY[dtype]


def named(name: str) -> ElementType:
    """The element type with that name in numpy.  Raises RamielError if unknown."""
    if name not in _BY_NAME:
        raise RamielError(f"no element type {name}")
    return _BY_NAME[name]


def of_torch(dtype: torch.dtype) -> ElementType:
    """The element type of a torch dtype.  Raises RamielError if unknown."""
    name = str(dtype).removeprefix("torch.")
    if name not in _BY_TORCH:
        raise RamielError(f"no tensors of {dtype}")
    return _BY_TORCH[name]


def carried(type: Attribute | None) -> ElementType | None:
    """The element type of that MLIR type if torch only carries it, else None."""
    element = None if type is None else _BY_MLIR.get(type)
    return element if element is not None and element.carried else None


def carrier_of(element: ElementType) -> ElementType:
    """The element type of the torch tensors that hold one: itself unless it is carried."""
    return _BY_TORCH[element.torch]
