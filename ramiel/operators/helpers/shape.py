"""Shapes that are known at run time only, and paddings that F.pad does not have."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F


def reshape(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """ONNX Reshape: 0 keeps the dimension at its place, -1 is what is left."""
    sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    return x.reshape(sizes)


def expand_dims(x: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """ONNX Unsqueeze: axes count in the result."""
    rank = x.dim() + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def slice_tensor(
    x: torch.Tensor,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None = None,
    steps: Sequence[int] | None = None,
) -> torch.Tensor:
    """ONNX Slice; a negative step walks backwards."""
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = x.shape[axis]
        start, end = (at + size if at < 0 else at for at in (start, end))
        last = size if step > 0 else size - 1
        start = min(max(start, 0), last)
        end = min(max(end, last - size), last)
        places = (
            torch.arange(start, end, step)
            if (end - start) * step > 0
            else torch.arange(0)
        )
        x = x.index_select(axis, places.to(x.device))
    return x


def pad_by_index(x: torch.Tensor, pads: Sequence[int], mode: str) -> torch.Tensor:
    """ONNX Pad in the modes reflect, edge and wrap; pads are all begins, then all ends."""
    rank = x.dim()
    for axis, (before, after) in enumerate(zip(pads[:rank], pads[rank:], strict=True)):
        if before == 0 and after == 0:
            continue
        size = x.shape[axis]
        places = torch.arange(-before, size + after, device=x.device)
        if mode == "edge":
            places = places.clamp(0, size - 1)
        elif mode == "wrap":
            places = places % size
        else:
            period = max(2 * (size - 1), 1)
            places = places % period
            places = torch.minimum(places, period - places) if size > 1 else places * 0
        x = x.index_select(axis, places)
    return x


def pad(
    x: torch.Tensor,
    pads: Sequence[int],
    axes: Sequence[int] | None = None,
    mode: str = "constant",
    value: float | torch.Tensor = 0,
) -> torch.Tensor:
    """ONNX Pad with pads known at run time: all begins, then all ends, of the axes."""
    rank = x.dim()
    axes = range(rank) if axes is None else axes
    ends = [0] * (2 * rank)
    for index, axis in enumerate(axes):
        ends[axis % rank] = pads[index]
        ends[axis % rank + rank] = pads[index + len(axes)]
    if mode != "constant":
        return pad_by_index(x, ends, mode)
    pairs = [
        end for axis in reversed(range(rank)) for end in (ends[axis], ends[axis + rank])
    ]
    number = value.item() if isinstance(value, torch.Tensor) else value
    return F.pad(x, pairs, value=number)


def center_crop_pad(
    x: torch.Tensor, shape: Sequence[int], axes: Sequence[int]
) -> torch.Tensor:
    """ONNX CenterCropPad: crop, or pad with zeros, around the middle to the sizes of the axes."""
    pairs = [0] * (2 * x.dim())
    for axis, wanted in zip(axes, shape, strict=True):
        axis %= x.dim()
        missing = wanted - x.shape[axis]
        # What is odd goes to the end, cropping or padding.
        before = missing // 2 if missing > 0 else -(-missing // 2)
        place = 2 * (x.dim() - 1 - axis)
        pairs[place : place + 2] = [before, missing - before]
    return F.pad(x, pairs)


def depth_to_space(x: torch.Tensor, blocksize: int) -> torch.Tensor:
    """ONNX DepthToSpace, mode DCR: (N, b·b·C, H, W) to (N, C, H·b, W·b), blocks outermost."""
    batch, depth, height, width = x.shape
    channels = depth // blocksize**2
    x = x.reshape(batch, blocksize, blocksize, channels, height, width)
    x = x.permute(0, 3, 4, 1, 5, 2)
    return x.reshape(batch, channels, height * blocksize, width * blocksize)


def space_to_depth(x: torch.Tensor, blocksize: int) -> torch.Tensor:
    """ONNX SpaceToDepth: (N, C, H, W) to (N, b·b·C, H/b, W/b), blocks outermost."""
    batch, channels, height, width = x.shape
    rows, columns = height // blocksize, width // blocksize
    x = x.reshape(batch, channels, rows, blocksize, columns, blocksize)
    x = x.permute(0, 3, 5, 1, 2, 4)
    return x.reshape(batch, channels * blocksize**2, rows, columns)


def fold_columns(
    x: torch.Tensor,
    image_shape: Sequence[int],
    block_shape: Sequence[int],
    dilation: Sequence[int],
    pads: Sequence[int],
    stride: Sequence[int],
) -> torch.Tensor:
    """ONNX Col2Im: columns (N, C·block, L) added up where they overlap: (N, C, *image_shape).

    `pads` are all begins, then all ends.
    """
    rank = len(image_shape)
    padded = [size + pads[i] + pads[i + rank] for i, size in enumerate(image_shape)]
    place = torch.zeros(1, 1, dtype=torch.int64, device=x.device)
    for i in range(rank):
        extent = (block_shape[i] - 1) * dilation[i] + 1
        taps = torch.arange(block_shape[i], device=x.device) * dilation[i]
        starts = torch.arange(0, padded[i] - extent + 1, stride[i], device=x.device)
        axis = taps[:, None] + starts
        place = place[:, None, :, None] * padded[i] + axis[None, :, None, :]
        place = place.flatten(2).flatten(0, 1)
    channels = x.shape[1] // place.shape[0]
    columns = x.reshape(x.shape[0], channels, place.numel())
    image = x.new_zeros(x.shape[0], channels, math.prod(padded))
    image = image.index_add(2, place.flatten(), columns)
    image = image.reshape(x.shape[0], channels, *padded)
    return F.pad(
        image, [-p for i in reversed(range(rank)) for p in (pads[i], pads[i + rank])]
    )
