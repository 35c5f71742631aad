"""Operators of ai.onnx.ml that are arithmetic on rows of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.encoding import ML
from ramiel.operators.numbers import cast, coefficient
from ramiel.operators.registry import Values, callee, meaning

callee("binarize", "x, threshold, dtype", "({x} > {threshold}).to({dtype})")
callee("replace_nan", "x, values", "torch.where({x}.isnan(), {values}, {x})")
callee("replace_number", "x, number, values", "torch.where({x} == {number}, {values}, {x})")
callee("operators.normalize_rows", "x, norm='MAX'", helper="features.normalize_rows")
callee("operators.join_features", "*inputs, sizes", helper="features.join_features")
callee("operators.transform_scores", "scores, transform", helper="features.transform_scores")
callee("with_negative", "scores", "torch.cat([-{scores}, {scores}], dim=1)")
callee("take_labels", "scores, labels", "{labels}[{scores}.argmax(1)]")
callee("operators.name_classes", "scores, names", helper="features.name_classes")


def floats(op: OnnxOperation, name: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A FLOATS attribute; empty if it is absent."""
    return np.array(op.attribute(name) or [], np.float32)


@meaning("Binarizer", domain=ML)
def binarizer(op: OnnxOperation, emit: Emitter) -> Values:
    """1 where x is above the threshold, else 0."""
    x = op.input(0)
    threshold = coefficient(op, emit, "threshold", 0.0)
    return emit("binarize", x, threshold=threshold, dtype=emit.dtype(x))


@meaning("Scaler", domain=ML)
def scaler(op: OnnxOperation, emit: Emitter) -> Values:
    """(x - offset)·scale in float32, with one of each for all features or for each."""
    result = cast(emit, op.input(0), np.dtype(np.float32))
    for name, key in (("offset", "operator.sub"), ("scale", "operator.mul")):
        values = floats(op, name)
        if values.size:
            result = emit(key, result, emit.tensor(values, name))
    return result


@meaning("Normalizer", domain=ML)
def normalizer(op: OnnxOperation, emit: Emitter) -> Values:
    """Each row divided by its largest absolute value, or by its L1 or L2 norm."""
    norm = op.text("norm", "MAX")
    if norm not in ("MAX", "L1", "L2") or emit.rank(op.input(0)) > 2:
        emit.refuse(f"has no norm {norm!r} of a tensor of rank {emit.rank(op.input(0))}")
    x = cast(emit, op.input(0), np.dtype(np.float32))
    return emit("operators.normalize_rows", x, norm=norm)


@meaning("Imputer", domain=ML)
def imputer(op: OnnxOperation, emit: Emitter) -> Values:
    """Other numbers, one for all features or for each, in place of one that stands for missing."""
    x = op.input(0)
    dtype = emit.dtype(x)
    kind = "float" if dtype.kind == "f" else "int64"
    values = op.attribute(f"imputed_value_{kind}s")
    if not values:
        emit.refuse(f"needs imputed_value_{kind}s")
    replacements = emit.tensor(np.array(values, dtype), "imputed_values")
    missing = op.attribute(f"replaced_value_{kind}")
    if missing != missing:
        return emit("replace_nan", x, replacements)
    return emit("replace_number", x, number=missing or 0, values=replacements)


@meaning("FeatureVectorizer", domain=ML)
def feature_vectorizer(op: OnnxOperation, emit: Emitter) -> Values:
    """The inputs side by side in float32, each cut or filled with zeros to its size."""
    inputs = [value for value in op.inputs if value is not None]
    sizes = op.integers("inputdimensions")
    if sizes is None or len(sizes) != len(inputs):
        emit.refuse("needs a size for each input")
    return emit("operators.join_features", *inputs, sizes=sizes, type=op.results[0].type)


def labels_of(emit: Emitter, scores: SSAValue, names: Sequence[int] | Sequence[str]) -> SSAValue:
    """The name of the class that has the largest score, for each row."""
    if names and isinstance(names[0], str):
        rows = (tensors.dims_of(scores.type) or [""])[0]
        type = tensors.tensor_type(StringType(), [rows])
        return emit("operators.name_classes", scores, names=list(names), type=type)
    return emit("take_labels", scores, emit.tensor(np.array(names, np.int64), "labels"))


def transformed(emit: Emitter, scores: SSAValue, transform: str) -> SSAValue:
    """The scores after a post_transform."""
    match transform:
        case "NONE":
            return scores
        case "LOGISTIC":
            return emit("torch.sigmoid", scores)
        case "SOFTMAX":
            return emit("torch.nn.functional.softmax", scores, dim=1)
        case "SOFTMAX_ZERO" | "PROBIT":
            return emit("operators.transform_scores", scores, transform=transform)
        case _:
            emit.refuse(f"has no post_transform {transform!r}")


def _linear(op: OnnxOperation, emit: Emitter, rows: int) -> SSAValue:
    """x·coefficientsᵀ + intercepts, in float32."""
    x = cast(emit, op.input(0), np.dtype(np.float32))
    coefficients = floats(op, "coefficients")
    if rows < 1 or coefficients.size % rows or emit.rank(x) != 2:
        emit.refuse("takes a matrix, and as many coefficients for each target")
    operands = [emit.tensor(coefficients.reshape(rows, -1), "coefficients")]
    intercepts = floats(op, "intercepts")
    if intercepts.size:
        operands.append(emit.tensor(intercepts, "intercepts"))
    return emit("torch.nn.functional.linear", x, *operands)


@meaning("LinearRegressor", domain=ML)
def linear_regressor(op: OnnxOperation, emit: Emitter) -> Values:
    """x·coefficientsᵀ + intercepts."""
    scores = _linear(op, emit, op.integer("targets", 1))
    return transformed(emit, scores, op.text("post_transform", "NONE"))


@meaning("LinearClassifier", domain=ML)
def linear_classifier(op: OnnxOperation, emit: Emitter) -> Values:
    """The label of the largest score, and the scores."""
    names: Any = op.attribute("classlabels_ints") or op.attribute("classlabels_strings") or []
    rows = floats(op, "intercepts").size or len(names)
    scores = _linear(op, emit, rows)
    if rows == 1 and len(names) == 2:
        scores = emit("with_negative", scores)
    elif rows != len(names) or rows == 1:
        emit.refuse("needs a score for each class")
    scores = transformed(emit, scores, op.text("post_transform", "NONE"))
    return labels_of(emit, scores, names), scores
