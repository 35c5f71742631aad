"""Shape arithmetic: what is known of shapes becomes constant, whatever else is dynamic."""

from __future__ import annotations

from math import prod

import numpy as np

from ramiel import element_types
from ramiel.tensors import dims_of, element_of, static_shape
from ramiel.transforms.rewriting import Match, rewrites
from ramiel.transforms.shape_values import ShapeValue, shape_value


@rewrites(
    *(
        f"onnx.{name}"
        for name in ("Shape", "Gather", "Slice", "Concat", "Unsqueeze", "Squeeze", "Reshape")
    ),
    *(f"onnx.{name}" for name in ("Cast", "Add", "Sub", "Mul", "Div", "ReduceProd")),
)
def fold_known_elements(match: Match) -> None:
    """Gather(Shape(x: tensor<?x3xf32>), 1) = 3, and so for Slice, Concat, arithmetic, …"""
    result = match.op.results[0]
    dims = dims_of(result.type)
    if dims is not None and len(dims) > 1:
        return
    value = shape_value(result, match.store)
    element = element_of(result.type)
    if value is None or value.known is None or element is None:
        return
    dtype = element_types.of_mlir(element).numpy
    if dtype.name not in ("int32", "int64"):
        return
    shape = (len(value.elements),) if value.rank else ()
    array = np.array(value.known, dtype).reshape(shape)
    match.replace_by(match.tensor(array, result.name_hint or "shape"))


@rewrites("onnx.Size")
def fold_size(match: Match) -> None:
    """Size(x: tensor<2x3xf32>) = 6"""
    shape = static_shape(match.op.input(0).type)
    if shape is not None:
        match.replace_by(match.tensor(np.array(prod(shape), np.int64), "size"))


def _reshape_target(target: ShapeValue, match: Match) -> list[int] | None:
    """The target with 0 for a dimension that is the operand's at that place, -1 for one unknown.

    None if more than one is left unknown, or if 0 is a size.
    """
    dims = dims_of(match.op.input(0).type)
    elements = target.elements
    if 0 in elements or (dims is not None and 0 in dims) or match.op.attribute("allowzero"):
        return None
    if sum(not isinstance(item, int) for item in elements) + elements.count(-1) <= 1:
        return [item if isinstance(item, int) else -1 for item in elements]
    if dims is None:
        return None
    sizes: list[int] = []
    for index, item in enumerate(elements):
        if isinstance(item, int):
            sizes.append(item)
        else:
            copied = bool(item) and index < len(dims) and dims[index] == item
            sizes.append(0 if copied else -1)
    return sizes if sizes.count(-1) <= 1 else None


@rewrites("onnx.Reshape")
def settle_reshape_target(match: Match) -> None:
    """Reshape(x, Concat(n, [12, 64])) = Reshape(x, [-1, 12, 64])"""
    target = shape_value(match.op.input(1), match.store)
    if target is None or target.known is not None:
        return
    sizes = _reshape_target(target, match)
    if sizes is None:
        return
    shape = match.tensor(np.array(sizes, np.int64), "shape")
    match.become("Reshape", [match.op.input(0), shape])


@rewrites("onnx.Expand")
def settle_expand_target(match: Match) -> None:
    """Expand(x: tensor<?x1xf32, ["n"]>, [n, 4]) = Expand(x, [1, 4]): 1 keeps a dimension"""
    dims = dims_of(match.op.input(0).type)
    target = shape_value(match.op.input(1), match.store)
    if dims is None or target is None or target.known is not None:
        return
    before = len(target.elements) - len(dims)
    sizes: list[int] = []
    for index, item in enumerate(target.elements):
        if isinstance(item, int):
            sizes.append(item)
        elif item and index >= before and dims[index - before] == item:
            sizes.append(1)
        else:
            return
    shape = match.tensor(np.array(sizes, np.int64), "shape")
    match.become("Expand", [match.op.input(0), shape])
