"""Tensor types and values: shapes with symbolic dimensions, and arrays between numpy and torch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    StringAttr,
    TensorType,
    UnrankedTensorType,
)
from xdsl.ir import Attribute

from ramiel import element_types
from ramiel.element_types import ElementType
from ramiel.errors import RamielError

if TYPE_CHECKING:
    import torch

Dim: TypeAlias = int | str
"""A dimension: its size, or its name ("" if it has none)."""
Array: TypeAlias = npt.NDArray[Any]


def tensor_type(element: Attribute, dims: Sequence[Dim] | None) -> Attribute:
    """The tensor type; names of dynamic dimensions stand beside it, as its encoding.

    `tensor<?x128xf32, ["batch"]>` has one name for each dynamic dimension.
    """
    if dims is None:
        return UnrankedTensorType(element)
    shape = [dim if isinstance(dim, int) else DYNAMIC_INDEX for dim in dims]
    names = [dim for dim in dims if isinstance(dim, str)]
    if any(names):
        return TensorType(element, shape, ArrayAttr([StringAttr(name) for name in names]))
    return TensorType(element, shape)


def dims_of(type: Attribute) -> list[Dim] | None:
    """The dimensions of a tensor type, None if it is unranked or no tensor."""
    if not isinstance(type, TensorType):
        return None
    encoding = type.encoding
    names = iter(
        [
            name.data
            for name in cast("ArrayAttr[Attribute]", encoding)
            if isinstance(name, StringAttr)
        ]
        if isinstance(encoding, ArrayAttr)
        else []
    )
    return [dim if dim != DYNAMIC_INDEX else next(names, "") for dim in type.get_shape()]


def agreed_dims(types: Sequence[Attribute]) -> list[Dim] | None:
    """The dimensions of several tensor types, "" where they differ.

    None if they have no rank in common that is known.
    """
    shapes = [dims for type in types if (dims := dims_of(type)) is not None]
    if len(shapes) < len(types) or len(set(map(len, shapes))) != 1:
        return None
    return [axis[0] if len(set(axis)) == 1 else "" for axis in zip(*shapes, strict=True)]


def static_shape(type: Attribute) -> tuple[int, ...] | None:
    """The shape, None if it is not wholly known."""
    dims = dims_of(type)
    if dims is None or not all(isinstance(dim, int) for dim in dims):
        return None
    return tuple(dim for dim in dims if isinstance(dim, int))


def element_of(type: Attribute) -> Attribute | None:
    """The element type of a tensor type, None if it is no tensor."""
    if isinstance(type, TensorType | UnrankedTensorType):
        return cast("TensorType[Attribute]", type).element_type
    return None


def byte_size(type: Attribute) -> int:
    """The bytes of a tensor; unknown dimensions count as 1, what is no tensor as 8 bytes."""
    dims = dims_of(type)
    if dims is None:
        return 8
    element = element_of(type)
    known = prod(dim for dim in dims if isinstance(dim, int))
    try:
        return known * element_types.of_mlir(element).bytes if element else 8
    except RamielError:
        return known * 8


def type_of_array(array: Array) -> TensorType[Attribute]:
    """The tensor type of a numpy array."""
    return TensorType(element_types.of_numpy(array.dtype).mlir, array.shape)


def to_dense(array: Array) -> DenseIntOrFPElementsAttr:
    """The constant `dense<…>` that holds an array."""
    type = type_of_array(array)
    flat: list[Any] = array.reshape(-1).tolist()
    if np.issubdtype(array.dtype, np.bool_):
        flat = [int(item) for item in flat]
    return DenseIntOrFPElementsAttr.from_list(type, flat)  # pyright: ignore


def from_dense(dense: DenseIntOrFPElementsAttr) -> Array:
    """The array that a constant `dense<…>` holds."""
    element = element_types.of_mlir(dense.type)
    shape = dense.type.get_shape()
    values = list(dense.get_values())
    if len(values) == 1 and prod(shape) != 1:
        values *= prod(shape)
    return np.array(values, dtype=element.numpy).reshape(shape)


def to_torch(array: Array) -> torch.Tensor:
    """A torch tensor with the array's values; a copy if the array is read-only.

    What torch has no dtype for is carried by a wider one: int4 by int8, float4 by float8_e4m3fn.
    Raises RamielError for what is no tensor's dtype.
    """
    import torch

    array = carrier(array)
    dtype: torch.dtype = getattr(torch, element_types.of_numpy(array.dtype).torch)
    array = np.ascontiguousarray(array).reshape(array.shape)
    if not array.flags.writeable:
        array = array.copy()
    if array.dtype.type.__module__ == "numpy":
        return torch.from_numpy(array)
    bits = {1: np.uint8, 2: np.int16}[array.dtype.itemsize]
    return torch.from_numpy(array.view(bits)).view(dtype)


def carrier(array: Array) -> Array:
    """The array itself, or its values in the dtype that carries what torch has no dtype for."""
    element = element_types.of_numpy(array.dtype)
    return array.astype(element_types.carrier_of(element).numpy) if element.carried else array


def from_torch(tensor: torch.Tensor, type: Attribute | None = None) -> Array:
    """A numpy array with the tensor's values, in onnx's dtype for it.

    `type` is its tensor or element type, which says what torch only carries.
    """
    import torch

    element = element_types.of_torch(tensor.dtype)
    tensor = tensor.detach().cpu().contiguous()
    if element.numpy.type.__module__ == "numpy":
        array: Array = tensor.numpy()
    else:
        bits = torch.uint8 if element.bits == 8 else torch.int16
        array = tensor.view(bits).numpy().view(element.numpy)
    declared = carried_element(type)
    return array.astype(declared.numpy) if declared and declared.torch == element.torch else array


def carried_element(type: Attribute | None) -> ElementType | None:
    """The element type of a tensor or element type if torch only carries it, else None."""
    element = type if type is None else element_of(type) or type
    return element_types.carried(element)
