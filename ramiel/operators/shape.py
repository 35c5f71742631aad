"""Operators that move elements or name sizes, and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning

callee("Tensor.reshape", "input, *shape", view=True)
callee("Tensor.flatten", "input, start_dim=0, /, end_dim=-1", view=True)
callee("Tensor.unflatten", "input, dim, sizes, /", view=True)
callee("Tensor.squeeze", "input, dim=None, /", view=True)
callee("Tensor.unsqueeze", "input, dim, /", view=True)
callee("Tensor.transpose", "input, dim0, dim1, /", view=True)
callee("Tensor.permute", "input, *dims", view=True)
callee("Tensor.repeat", "input, *repeats")
callee("torch.cat", "*tensors, dim=0", "torch.cat([{*tensors}]{...})")
callee("Tensor.chunk", "input, chunks, /, dim=0", view=True)
callee(
    "Tensor.split",
    "input, split_size, dim=0",
    "{input}.split({split_size:list}{...})",
    view=True,
)
callee("shape_tensor", "input", "torch.tensor({input}.shape, dtype=torch.int64)")
callee(
    "shape_slice",
    "input, part",
    "torch.tensor({input}.shape[{part:index}], dtype=torch.int64)",
)
callee("size_tensor", "input", "torch.tensor({input}.numel())")
callee("reshape_to_scalar", "input", "{input}.reshape(())", view=True)
callee("reshape_by_tensor", "input, shape", "{input}.reshape({shape:sizes})", view=True)
callee("repeat_by_tensor", "input, repeats", "{input}.repeat({repeats:sizes})")
callee(
    "split_by_tensor",
    "input, sizes, dim=0",
    "{input}.split({sizes:sizes}{...})",
    view=True,
)
callee("squeeze_by_tensor", "input, axes", "{input}.squeeze({axes:sizes})", view=True)
callee("operators.reshape", "x, shape", helper="shape.reshape", view=True)
callee(
    "reshape_with_zeros",
    "x, shape",
    "operators.reshape({x}, {shape:sizes})",
    helper="shape.reshape",
    view=True,
)
callee(
    "expand_dims",
    "x, axes",
    "operators.expand_dims({x}, {axes:sizes})",
    helper="shape.expand_dims",
    view=True,
)


def axes_of(
    op: OnnxOperation, emit: Emitter, position: int, rank: int | None, name: str = "axes"
) -> list[int] | None:
    """Axes as an attribute or a constant input, counted from 0; None if they are absent.

    Without a rank they stay as the model has them.
    """
    axes = (
        op.integers(name)
        if name in op.SCHEMA.attributes
        else emit.integers(op.optional_input(position), f"its input {name}")
    )
    if axes is None or rank is None:
        return axes
    return [normal_axis(emit, axis, rank) for axis in axes]


def normal_axis(emit: Emitter, axis: int, rank: int) -> int:
    """An axis counted from 0.  Raises Unsupported if it is out of range."""
    if not -max(rank, 1) <= axis < max(rank, 1):
        emit.refuse(f"has the axis {axis} for a tensor of rank {rank}")
    return axis % max(rank, 1)


@meaning("Reshape")
def reshaping(op: OnnxOperation, emit: Emitter) -> Values:
    """The same elements in another shape."""
    x = op.input(0)
    attribute = "shape" in op.SCHEMA.attributes
    declared = tensors.static_shape(op.results[0].type)
    allowzero = "allowzero" in op.SCHEMA.attributes and bool(op.integer("allowzero"))
    if attribute:
        shape = op.integers("shape")
    else:
        array = emit.constant(op.input(1))
        shape = None if array is None else [int(item) for item in array.reshape(-1)]
    if shape is not None:
        return reshape_to(emit, x, shape, allowzero)
    if declared is not None:
        return _reshape(emit, x, list(declared))
    sizes = emit.sizes(op.input(1))
    if sizes is not None and (allowzero or 0 not in sizes):
        return emit("Tensor.reshape", x, shape=sizes, type=op.results[0].type)
    return emit("reshape_by_tensor" if allowzero else "reshape_with_zeros", x, op.input(1))


def reshape_to(emit: Emitter, x: SSAValue, shape: list[int], allowzero: bool = False) -> SSAValue:
    """x in a shape with -1 for what is left and, unless `allowzero`, 0 for what is kept."""
    dims = tensors.dims_of(x.type)
    if allowzero or 0 not in shape:
        return _reshape(emit, x, shape)
    kept = [axis for axis, size in enumerate(shape) if size == 0]
    if dims is not None and kept[-1] >= len(dims):
        emit.refuse("keeps a dimension that its input has not")
    if dims is None or needs_sizes(dims, shape):
        return emit("operators.reshape", x, shape=shape)
    known = [dims[axis] if size == 0 else size for axis, size in enumerate(shape)]
    if all(isinstance(size, int) for size in known):
        return _reshape(emit, x, [size for size in known if isinstance(size, int)])
    if _is_flattened(dims, shape):
        return emit("Tensor.flatten", x, start_dim=len(kept))
    if _is_unflattened(dims, shape):
        return emit("Tensor.unflatten", x, dim=len(kept), sizes=shape[len(kept) :])
    return _reshape(emit, x, [size if isinstance(size, int) else -1 for size in known])


def needs_sizes(dims: Sequence[tensors.Dim], shape: Sequence[int]) -> bool:
    """Whether a Reshape keeps dimensions of unknown size that no idiom keeps without naming them.

    `shape` has 0 for what is kept and -1 for what is left.
    """
    kept = [axis for axis, size in enumerate(shape) if size == 0]
    if not kept or kept[-1] >= len(dims):
        return False
    unknown = [axis for axis in kept if not isinstance(dims[axis], int)]
    if not unknown or _is_flattened(dims, shape) or _is_unflattened(dims, shape):
        return False
    return len(unknown) > 1 or -1 in shape


def _is_flattened(dims: Sequence[tensors.Dim], shape: Sequence[int]) -> bool:
    """[n, m, 4, 12] to [0, 0, -1]."""
    count = len(shape) - 1
    return len(dims) > count and list(shape) == [0] * count + [-1]


def _is_unflattened(dims: Sequence[tensors.Dim], shape: Sequence[int]) -> bool:
    """[n, m, 48] to [0, 0, 4, 12]."""
    count = len(dims) - 1
    return len(shape) > count > 0 and not any(shape[:count]) and 0 not in shape[count:]


def _reshape(emit: Emitter, x: SSAValue, shape: list[int]) -> SSAValue:
    dims = tensors.dims_of(x.type)
    first = shape[: len(shape) - 1]
    if dims and shape[-1:] == [-1] and 1 <= len(first) < len(dims) and dims[: len(first)] == first:
        return emit("Tensor.flatten", x, start_dim=len(first))
    if not shape:
        return emit("reshape_to_scalar", x)
    return emit("Tensor.reshape", x, shape=shape)


@meaning("Flatten")
def flatten(op: OnnxOperation, emit: Emitter) -> Values:
    """Two dimensions: those before the axis, and the others."""
    x, axis = op.input(0), op.integer("axis")
    dims, rank = tensors.dims_of(x.type) or [], emit.rank(x)
    axis = axis + rank if axis < 0 else axis
    if axis == 1 and rank >= 2:
        return emit("Tensor.flatten", x, start_dim=1)
    if axis == rank and rank:
        return emit("Tensor.unsqueeze", emit("Tensor.flatten", x), dim=1)
    if axis == 0:
        return emit("Tensor.unsqueeze", emit("Tensor.flatten", x), dim=0)
    sizes = [prod(known) if len(known) == len(part) else None for known, part in _known(dims, axis)]
    if sizes[0] is not None and sizes[1] is not None:
        return emit("Tensor.reshape", x, shape=[sizes[0], sizes[1]])
    return emit("Tensor.flatten", emit("Tensor.flatten", x, start_dim=axis), end_dim=axis - 1)


def _known(dims: list[tensors.Dim], axis: int) -> list[tuple[list[int], list[tensors.Dim]]]:
    parts = [dims[:axis], dims[axis:]]
    return [([dim for dim in part if isinstance(dim, int)], part) for part in parts]


@meaning("Squeeze")
def squeeze(op: OnnxOperation, emit: Emitter) -> Values:
    """Without dimensions of size 1: the given axes, or all."""
    x = op.input(0)
    from_input = "axes" not in op.SCHEMA.attributes
    if from_input and op.optional_input(1) is not None and emit.constant(op.input(1)) is None:
        return emit("squeeze_by_tensor", x, op.input(1))
    known = tensors.dims_of(x.type) is not None
    axes = axes_of(op, emit, 1, emit.rank(x) if known else None)
    shape = emit.shape(x)
    if axes is None and shape is not None:
        axes = [axis for axis, size in enumerate(shape) if size == 1]
    if axes is None:
        return emit("Tensor.squeeze", x)
    if not axes:
        return x
    return emit("Tensor.squeeze", x, dim=axes[0] if len(axes) == 1 else sorted(axes))


@meaning("Unsqueeze")
def unsqueeze(op: OnnxOperation, emit: Emitter) -> Values:
    """With new dimensions of size 1 at the axes of the result."""
    x = op.input(0)
    if "axes" not in op.SCHEMA.attributes and emit.constant(op.input(1)) is None:
        return emit("expand_dims", x, op.input(1))
    from_attribute = "axes" in op.SCHEMA.attributes
    given = op.integers("axes") if from_attribute else emit.integers(op.input(1), "axes")
    given = given or []
    if len(given) == 1 and tensors.dims_of(x.type) is None:
        return emit("Tensor.unsqueeze", x, dim=given[0])
    rank = emit.rank(x) + len(given)
    axes = sorted({normal_axis(emit, axis, rank) for axis in given})
    if not axes:
        return x
    if len(axes) == 1:
        return emit("Tensor.unsqueeze", x, dim=axes[0])
    index = [None if axis in axes else ":" for axis in range(axes[-1] + 1)]
    return emit("Tensor.__getitem__", x, index=index)


@meaning("Transpose")
def transpose(op: OnnxOperation, emit: Emitter) -> Values:
    """The dimensions in another order, reversed by default."""
    x = op.input(0)
    perm = op.integers("perm")
    rank = emit.rank(x) if perm is None else len(perm)
    order = list(reversed(range(rank))) if perm is None else [axis % rank for axis in perm]
    if sorted(order) != list(range(rank)):
        emit.refuse("has a perm that is no permutation of its dimensions")
    moved = [axis for axis in range(rank) if order[axis] != axis]
    if not moved:
        return x
    if len(moved) == 2:
        return emit("Tensor.transpose", x, dim0=moved[0], dim1=moved[1])
    return emit("Tensor.permute", x, dims=order)


def _axis(op: OnnxOperation, emit: Emitter, x: SSAValue, default: int) -> int:
    """The axis, counted from 0 if the rank is known."""
    axis, dims = op.integer("axis", default), tensors.dims_of(x.type)
    return axis if dims is None else normal_axis(emit, axis, len(dims))


@meaning("Concat")
def concat(op: OnnxOperation, emit: Emitter) -> Values:
    """Tensors one after the other along an axis."""
    parts = [op.input(index) for index in range(len(op.inputs))]
    axis = _axis(op, emit, parts[0], 1)
    if len(parts) == 1:
        return parts[0]
    return emit("torch.cat", *parts, dim=axis)


@meaning("Split")
def split(op: OnnxOperation, emit: Emitter) -> Values:
    """Parts along an axis, of given or of equal sizes."""
    x, count = op.input(0), len(op.results)
    axis = _axis(op, emit, x, 0)
    from_attribute = "split" in op.SCHEMA.attributes
    operand = op.optional_input(1)
    if not from_attribute and operand is not None and emit.constant(operand) is None:
        if count == 1:
            return x
        return emit.many("split_by_tensor", x, operand, count=count, dim=axis)
    sizes = op.integers("split") if from_attribute else emit.integers(operand, "split")
    if count == 1:
        return x
    dims = tensors.dims_of(x.type)
    size = "" if dims is None else dims[axis]
    if sizes is None and isinstance(size, int) and size % count:
        # Parts are as large as the first; the last ones have what is left.
        part = -(-size // count)
        sizes = [max(min(part, size - part * index), 0) for index in range(count)]
    if sizes is None or (len(set(sizes)) == 1 and sizes[0] > 0):
        # A size that is not known cannot be tried out.
        types = None if isinstance(size, int) else [result.type for result in op.results]
        return emit.many("Tensor.chunk", x, count=count, types=types, chunks=count, dim=axis)
    if len(sizes) != count:
        emit.refuse(f"has {len(sizes)} sizes for {count} results")
    return emit.many("Tensor.split", x, count=count, split_size=sizes, dim=axis)


@meaning("Shape")
def shape(op: OnnxOperation, emit: Emitter) -> Values:
    """The sizes of a tensor's dimensions, from `start` up to `end`, as int64."""
    x = op.input(0)
    known, dims = "start" in op.SCHEMA.attributes, tensors.dims_of(x.type)
    start = op.integer("start", 0) if known else 0
    end = op.attribute("end") if known else None
    if dims is None:
        part = f"{start or ''}:{'' if end is None else end}"
        return emit("shape_tensor", x) if part == ":" else emit("shape_slice", x, part=part)
    first, last, _ = slice(start, end if isinstance(end, int) else None).indices(len(dims))
    sizes = [dim for dim in dims[first:last] if isinstance(dim, int)]
    if len(sizes) == max(last - first, 0):
        return emit.tensor(np.array(sizes, dtype=np.int64))
    if (first, last) == (0, len(dims)):
        return emit("shape_tensor", x)
    part = f"{first or ''}:{'' if last == len(dims) else last}"
    return emit("shape_slice", x, part=part)


@meaning("Size")
def size(op: OnnxOperation, emit: Emitter) -> Values:
    """The number of elements, as an int64 scalar."""
    sizes = emit.shape(op.input(0))
    if sizes is None:
        return emit("size_tensor", op.input(0))
    return emit.tensor(np.array(prod(sizes), dtype=np.int64))


@meaning("Tile", since=1)
def tile_by_count(op: OnnxOperation, emit: Emitter) -> Values:
    """x repeated along one axis."""
    tiles, axis = (emit.integers(op.input(index), "tiles and axis") for index in (1, 2))
    repeats = [1] * emit.rank(op.input(0))
    repeats[(axis or [0])[0]] = (tiles or [1])[0]
    return emit("Tensor.repeat", op.input(0), repeats=repeats)


@meaning("Tile", since=6)
def tile(op: OnnxOperation, emit: Emitter) -> Values:
    """x repeated along each axis."""
    x, repeats = op.input(0), emit.constant(op.input(1))
    if repeats is None:
        sizes = emit.sizes(op.input(1))
        if sizes is not None:
            return emit("Tensor.repeat", x, repeats=sizes, type=op.results[0].type)
        return emit("repeat_by_tensor", x, op.input(1))
    if not repeats.size or (repeats == 1).all():
        return x
    return emit("Tensor.repeat", x, repeats=[int(count) for count in repeats])
