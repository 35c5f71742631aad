"""Attributes that became operands."""

from __future__ import annotations

import numpy as np

from ramiel import element_types
from ramiel.tensors import Array, dims_of, element_of
from ramiel.transforms.rewriting import Match, rewrites

_REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")


def _int64(values: list[int] | int) -> Array:
    return np.array(values, np.int64)


@rewrites(
    "onnx.Squeeze_v1",
    "onnx.Squeeze_v11",
    "onnx.Unsqueeze_v1",
    "onnx.Unsqueeze_v11",
    "onnx.ReduceSum_v1",
    "onnx.ReduceSum_v11",
    *(f"onnx.Reduce{name}_v{version}" for name in _REDUCTIONS for version in (1, 11, 12, 13)),
)
def axes_attribute(match: Match) -> None:
    """Op(x) {axes = a} = Op(x, a)"""
    axes = match.op.integers("axes")
    operand = None if axes is None else match.tensor(_int64(axes), "axes")
    match.become(match.op.operator, [match.op.input(0), operand], without=("axes",))


@rewrites("onnx.Slice_v1")
def slice_attributes(match: Match) -> None:
    """Slice(x) {starts, ends, axes} = Slice(x, starts, ends, axes)"""
    bounds = [
        None if values is None else match.tensor(_int64(values), name)
        for name in ("starts", "ends", "axes")
        for values in [match.op.integers(name)]
    ]
    match.become("Slice", [match.op.input(0), *bounds], without=("starts", "ends", "axes"))


@rewrites("onnx.Split_v2", "onnx.Split_v11", "onnx.Split_v13")
def split_sizes(match: Match) -> None:
    """Split(x) {split = s} = Split(x, s); without sizes, {num_outputs = how many there are}"""
    op = match.op
    operand = op.optional_input(1) if len(op.SCHEMA.inputs) > 1 else None
    sizes = op.integers("split") if operand is None and "split" in op.SCHEMA.attributes else None
    if sizes is not None:
        operand = match.tensor(_int64(sizes), "sizes")
    count = len(op.results) if operand is None else None
    match.become("Split", [op.input(0), operand], without=("split",), num_outputs=count)


@rewrites("onnx.Clip_v1", "onnx.Clip_v6")
def clip_bounds(match: Match) -> None:
    """Clip(x) {min, max} = Clip(x, min, max)"""
    op = match.op
    bounds = [
        match.scalar_like(op.number(name), op.input(0), name) if name in op.properties else None
        for name in ("min", "max")
    ]
    without = ("min", "max", "consumed_inputs")
    match.become("Clip", [op.input(0), *bounds], without=without)


@rewrites("onnx.Pad_v1", "onnx.Pad_v2")
def pad_attributes(match: Match) -> None:
    """Pad(x) {pads, value} = Pad(x, pads, value)"""
    op = match.op
    pads = op.integers("pads" if op.version == 2 else "paddings")
    assert pads is not None
    operand = match.tensor(_int64(pads), "pads")
    value = match.scalar_like(op.number("value"), op.input(0), "value")
    match.become("Pad", [op.input(0), operand, value], without=("pads", "paddings", "value"))


@rewrites("onnx.Reshape_v1")
def reshape_attribute(match: Match) -> None:
    """Reshape(x) {shape = s} = Reshape(x, s)"""
    shape = match.op.integers("shape")
    if shape is not None:
        inputs = [match.op.input(0), match.tensor(_int64(shape), "shape")]
        match.become("Reshape", inputs, without=("shape", "consumed_inputs"))


@rewrites("onnx.TopK_v1")
def topk_count(match: Match) -> None:
    """TopK(x) {k} = TopK(x, [k])"""
    count = match.tensor(_int64([match.op.integer("k")]), "k")
    match.become("TopK", [match.op.input(0), count], without=("k",))


@rewrites("onnx.TopK_v10")
def topk_order(match: Match) -> None:
    """TopK(x, k) = TopK(x, k) {largest = 1, sorted = 1}, which are the defaults"""
    match.become("TopK", match.op.inputs)


@rewrites("onnx.Tile_v1")
def tile_along_axis(match: Match) -> None:
    """Tile(x, n, axis) = Tile(x, [1, …, n, …, 1])"""
    x, tiles, axis = (match.op.input(index) for index in range(3))
    dims, count, along = dims_of(x.type), match.constant(tiles), match.constant(axis)
    if dims is None or count is None or along is None:
        return
    repeats = [1] * len(dims)
    repeats[int(along.reshape(-1)[0])] = int(count.reshape(-1)[0])
    match.become("Tile", [x, match.tensor(_int64(repeats), "repeats")])


@rewrites("onnx.Cast_v1")
def cast_by_name(match: Match) -> None:
    """Cast(x) {to = "FLOAT"} = Cast(x) {to = 1}"""
    result = element_of(match.op.results[0].type)
    if result is not None:
        target = element_types.of_mlir(result).onnx
        match.become("Cast", match.op.inputs, to=target)


@rewrites("onnx.DFT_v17")
def dft_axis(match: Match) -> None:
    """DFT(x, n) {axis = k} = DFT(x, n, k)"""
    op = match.op
    axis = match.tensor(_int64(op.integer("axis")), "axis")
    match.become("DFT", [op.input(0), op.optional_input(1), axis], without=("axis",))
