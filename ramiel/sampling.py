"""Random inputs that a model can take: indices within their table, masks of zeros and ones."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.errors import RamielError
from ramiel.tensors import Array, dims_of, element_of

PASSES_INDICES_ON = frozenset(
    {"Cast", "Reshape", "Flatten", "Unsqueeze", "Squeeze", "Identity", "Slice", "Expand"}
)
"""Operators after which an index is an index still."""
MOST_ELEMENTS = 1 << 31
"""Of one input."""


def sample_inputs(
    graph: GraphOp, seed: int = 0, dims: Mapping[str, int] | None = None
) -> dict[str, Array]:
    """Inputs by the model's own names.

    Floats are normal, or 1/4 to 4 in a type of powers of two; integers that index a table stay
    within it, other integers are 0 or 1.
    Symbolic dimensions are those of `dims`, else 1.  Raises RamielError for inputs that are no
    tensors of numbers, or have over MOST_ELEMENTS.
    """
    generator = np.random.default_rng(seed)
    inputs: dict[str, Array] = {}
    for name, argument in zip(graph.argument_names(), graph.arguments, strict=True):
        shape_or_none = dims_of(argument.type)
        element = element_of(argument.type)
        if shape_or_none is None or element is None:
            raise RamielError(f"input {name!r} has no known shape: give it with --input")
        shape = [dim if isinstance(dim, int) else (dims or {}).get(dim, 1) for dim in shape_or_none]
        if prod(max(dim, 1) for dim in shape) > MOST_ELEMENTS:
            raise RamielError(f"input {name!r} is too large to be drawn: {shape}")
        dtype = element_types.of_mlir(element).numpy
        if dtype.kind in "iu":
            high = index_bound(argument) or 2
            inputs[name] = generator.integers(0, high, shape).astype(dtype)
        elif dtype.kind == "b":
            inputs[name] = generator.integers(0, 2, shape).astype(bool)
        elif dtype.name == "float8_e8m0fnu":
            inputs[name] = (2.0 ** generator.integers(-2, 3, shape)).astype(dtype)
        else:
            inputs[name] = generator.standard_normal(shape).astype(dtype)
    return inputs


def index_bound(value: SSAValue) -> int | None:
    """How many entries the smallest table has that the value indexes, None if it indexes none."""
    bounds: list[int] = []
    pending = [value]
    while pending:
        for use in pending.pop().uses:
            op = use.operation
            if not isinstance(op, OnnxOperation):
                continue
            if op.operator in PASSES_INDICES_ON and use.index == 0:
                pending.append(op.results[0])
            if op.operator == "Gather" and use.index == 1:
                dims = dims_of(op.operands[0].type)
                size = dims[op.integer("axis", 0)] if dims else None
                bounds += [size] if isinstance(size, int) else []
    return min(bounds, default=None)
