"""Softmax, LogSoftmax and Hardmax before opset 13: over all dimensions from the axis on."""

from __future__ import annotations

import numpy as np

from ramiel.tensors import dims_of, static_shape
from ramiel.transforms.rewriting import Match, rewrites


@rewrites(
    *(
        f"onnx.{name}_v{version}"
        for name in ("Softmax", "LogSoftmax", "Hardmax")
        for version in (1, 11)
    )
)
def softmax_over_matrix(match: Match) -> None:
    """Softmax(x) {axis = k} = Reshape(Softmax(Flatten(x) {axis = k}) {axis = -1}, Shape(x))

    Softmax(x) {axis = k} = Softmax(x) {axis = k} where every later dimension is 1.
    """
    op = match.op
    x, axis = op.input(0), op.integer("axis")
    dims = dims_of(x.type)
    if dims is not None:
        axis = axis + len(dims) if axis < 0 else axis
        if axis < len(dims) and all(dim == 1 for dim in dims[axis + 1 :]):
            match.become(op.operator, [x], axis=-1 if axis == len(dims) - 1 else axis)
            return
    shape = static_shape(x.type)
    matrix = match.onnx("Flatten", x, axis=axis)
    result = match.onnx(op.operator, matrix, axis=-1)
    target = (
        match.tensor(np.array(shape, np.int64), "shape")
        if shape is not None
        else match.onnx("Shape", x)
    )
    # A 0 in the shape is a size here, not "as in the input".
    match.replace_by(match.onnx("Reshape", result, target, allowzero=1, type=op.results[0].type))
