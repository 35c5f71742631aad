"""Operators of ai.onnx.ml that give labels: LabelEncoder, CategoryMapper, OneHotEncoder.

They take numbers and strings; in the generated code strings are NumPy arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, f32
from xdsl.ir import SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter, shortest
from ramiel.operators.registry import Values, callee, meaning
from ramiel.tensors import Array

ML = "ai.onnx.ml"

callee("operators.encode_labels", "x, keys, values, default", helper="encoding.encode_labels")
callee("operators.encode_one_hot", "x, categories, zeros=True", helper="encoding.encode_one_hot")
callee("extract_features", "x, indices", "{x}[..., {indices}.flatten()]")
callee("extract_features_of_row", "x, indices", "{x}[None, {indices}.flatten()]")


def _table(op: OnnxOperation, name: str) -> Array | None:
    """An attribute that lists numbers or strings, as an array; None if it is absent or empty."""
    if name not in op.properties:
        return None
    attribute: Any = op.properties[name]
    if isinstance(attribute, DenseIntOrFPElementsAttr):
        return tensors.from_dense(attribute).reshape(-1)  # pyright: ignore[reportUnknownArgumentType]
    listed = op.attribute(name)
    kinds = {"floats": np.float32, "int64s": np.int64, "strings": object, "tensor": object}
    array = np.array(listed, kinds[name.rpartition("_")[2]])
    return array if array.size else None


def _first(op: OnnxOperation, prefix: str) -> tuple[str, Array] | None:
    """The kind and the array of the one table with the prefix."""
    for kind in ("floats", "int64s", "strings", "tensor"):
        name = f"{prefix}_{kind}"
        table = _table(op, name) if name in op.SCHEMA.attributes else None
        if table is not None:
            return kind, table
    return None


def _operand(emit: Emitter, table: Array, hint: str) -> SSAValue | list[str]:
    """A table of numbers as a tensor, one of strings as a literal."""
    return list(table) if table.dtype == object else emit.tensor(table, hint)


def _encode(op: OnnxOperation, emit: Emitter, keys: Array, values: Array, default: Any) -> SSAValue:
    """The value of each element's key, else the default."""
    texts = values.dtype == object
    element = StringType() if texts else element_types.of_numpy(values.dtype).mlir
    return emit(
        "operators.encode_labels",
        op.input(0),
        keys=_operand(emit, keys, "keys"),
        values=_operand(emit, values, "values"),
        default=str(default) if texts else shortest(values.dtype.type(default)),
        type=tensors.tensor_type(element, tensors.dims_of(op.input(0).type)),
    )


@meaning("LabelEncoder", domain=ML, since=2)
def label_encoder(op: OnnxOperation, emit: Emitter) -> Values:
    """values[i] where x is keys[i]; NaN is a key like others."""
    keys, values = _first(op, "keys"), _first(op, "values")
    if keys is None or values is None or len(keys[1]) != len(values[1]):
        emit.refuse("needs as many values as keys")
    kind, table = values
    if kind != "tensor":
        return _encode(op, emit, keys[1], table, op.attribute(f"default_{kind.rstrip('s')}"))
    default = _table(op, "default_tensor")
    fallback = "_Unused" if table.dtype == object else -1 if table.dtype.kind == "i" else -0.0
    return _encode(op, emit, keys[1], table, fallback if default is None else default[0])


@meaning("LabelEncoder", domain=ML, since=1)
def label_encoder_of_classes(op: OnnxOperation, emit: Emitter) -> Values:
    """The place of a string among the classes, or the class at a place."""
    classes = _table(op, "classes_strings")
    if classes is None:
        emit.refuse("needs classes_strings")
    return _between(op, emit, classes, np.arange(len(classes)))


@meaning("CategoryMapper", domain=ML)
def category_mapper(op: OnnxOperation, emit: Emitter) -> Values:
    """The number of a string, or the string of a number."""
    texts, numbers = _table(op, "cats_strings"), _table(op, "cats_int64s")
    if texts is None or numbers is None or len(texts) != len(numbers):
        emit.refuse("needs as many cats_int64s as cats_strings")
    return _between(op, emit, texts, numbers)


def _between(op: OnnxOperation, emit: Emitter, texts: Array, numbers: Array) -> SSAValue:
    """From strings to numbers, or back, as the operand wants."""
    if isinstance(tensors.element_of(op.input(0).type), StringType):
        return _encode(op, emit, texts, numbers, op.attribute("default_int64"))
    return _encode(op, emit, numbers, texts, op.attribute("default_string"))


@meaning("OneHotEncoder", domain=ML)
def one_hot_encoder(op: OnnxOperation, emit: Emitter) -> Values:
    """1 at the category of each element along a new last dimension, 0 elsewhere."""
    x = op.input(0)
    found = _first(op, "cats")
    if found is None or len(set(found[1].tolist())) != len(found[1]):
        emit.refuse("needs categories that differ")
    dims = tensors.dims_of(x.type)
    return emit(
        "operators.encode_one_hot",
        x,
        categories=_operand(emit, found[1], "categories"),
        zeros=op.integer("zeros", 1) != 0,
        type=tensors.tensor_type(f32, None if dims is None else [*dims, len(found[1])]),
    )


@meaning("ArrayFeatureExtractor", domain=ML)
def array_feature_extractor(op: OnnxOperation, emit: Emitter) -> Values:
    """x[..., indices]; a vector counts as a row."""
    x = op.input(0)
    if isinstance(tensors.element_of(x.type), StringType):
        emit.refuse("is not supported on strings")
    key = "extract_features_of_row" if emit.rank(x) == 1 else "extract_features"
    return emit(key, x, op.input(1))
