"""Resizing by ONNX's own definition, for what F.interpolate does otherwise."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch


def source_coordinates(
    size: int,
    wanted: int,
    scale: float,
    coordinates: str,
    region: tuple[float, float] = (0.0, 1.0),
) -> torch.Tensor:
    """Where in an axis of `size` elements each of the `wanted` results lies, as float64."""
    at = torch.arange(wanted, dtype=torch.float64)
    # The length before it is rounded down.
    length = scale * size if abs(scale * size - wanted) > 1e-4 else wanted
    match coordinates:
        case "asymmetric":
            return at / scale
        case "half_pixel":
            return (at + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (at + 0.5) / scale - 0.5 if length > 1 else at * 0
        case "half_pixel_symmetric":
            offset = size / 2 * (1 - wanted / length)
            return offset + (at + 0.5) / scale - 0.5
        case "align_corners":
            return at * (size - 1) / (length - 1) if length != 1 else at * 0
        case "tf_half_pixel_for_nn":
            return (at + 0.5) / scale
        case "tf_crop_and_resize":
            begin, end = region
            if length > 1:
                return begin * (size - 1) + at * (end - begin) * (size - 1) / (
                    length - 1
                )
            return at + 0.5 * (begin + end) * (size - 1)
        case _:
            raise ValueError(f"no coordinate transformation {coordinates!r}")


def nearest_places(at: torch.Tensor, nearest_mode: str) -> torch.Tensor:
    """Coordinates rounded to integers, not limited to the axis."""
    match nearest_mode:
        case "floor":
            return at.floor()
        case "ceil":
            return at.ceil()
        case "round_prefer_floor":
            return (at - 0.5).ceil()
        case "round_prefer_ceil":
            return (at + 0.5).floor()
        case "simple":
            return at.ceil() if len(at) and bool(at[-1] < 1) else at.floor()
        case _:
            raise ValueError(f"no nearest mode {nearest_mode!r}")


def kernel_values(
    distance: torch.Tensor, mode: str, cubic_coeff_a: float
) -> torch.Tensor:
    """The weight of an element at a distance: a triangle, or Keys' cubic convolution."""
    x = distance.abs()
    if mode == "linear":
        return (1 - x).clamp(min=0)
    a = cubic_coeff_a
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0))


def resize_matrix(
    at: torch.Tensor,
    size: int,
    scale: float,
    mode: str,
    cubic_coeff_a: float,
    exclude_outside: bool,
    antialias: bool,
) -> torch.Tensor:
    """The weights (results, size) that interpolate an axis; beyond its ends its edges count on."""
    stretch = min(scale, 1.0) if antialias else 1.0
    reach = math.ceil((1 if mode == "linear" else 2) / stretch)
    offsets = torch.arange(-reach, reach + 2, dtype=torch.float64)
    places = at.floor()[:, None] + offsets
    weights = kernel_values((places - at[:, None]) * stretch, mode, cubic_coeff_a)
    inside = (places >= 0) & (places < size)
    if exclude_outside:
        weights = weights * inside
    if exclude_outside or antialias:
        weights = weights / weights.sum(1, keepdim=True)
    matrix = torch.zeros(len(at), size, dtype=torch.float64)
    return matrix.scatter_add(1, places.long().clamp(0, size - 1), weights)


def resize(
    x: torch.Tensor,
    sizes: Sequence[int] | None = None,
    scales: Sequence[float] | None = None,
    axes: Sequence[int] | None = None,
    regions: Sequence[float] | torch.Tensor | None = None,
    *,
    mode: str = "nearest",
    coordinates: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75,
    exclude_outside: bool = False,
    antialias: bool = False,
    extrapolation_value: float = 0.0,
    policy: str = "stretch",
) -> torch.Tensor:
    """ONNX Resize to `sizes`, or by `scales`, of the axes (all by default).

    `regions` are all begins, then all ends, for tf_crop_and_resize.  `policy` keeps the aspect
    ratio of what fits into the sizes ("not_larger") or covers them ("not_smaller").
    """
    axes = range(x.dim()) if axes is None else axes
    before = [x.shape[axis] for axis in axes]
    if sizes is None:
        factors = list(scales or [])
        # In float32, as ONNX has its scales: 10 · 0.7 is 7.
        wanted = list[int](
            (torch.tensor(before) * torch.tensor(factors)).int().tolist()
        )
    else:
        wanted = list[int](sizes)
        factors = [new / old for new, old in zip(wanted, before, strict=True)]
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(factors)
            wanted = [math.floor(factor * old + 0.5) for old in before]
    bounds: list[float] = torch.as_tensor([] if regions is None else regions).tolist()
    result = x if x.dtype == torch.float64 or mode == "nearest" else x.float()
    outside: list[tuple[int, torch.Tensor]] = []
    for index, axis in enumerate(axes):
        size, count, scale = before[index], wanted[index], factors[index]
        region = (bounds[index], bounds[index + len(before)]) if bounds else (0.0, 1.0)
        crop = coordinates == "tf_crop_and_resize"
        if (size, scale) == (count, 1.0) and not (crop and region != (0.0, 1.0)):
            continue
        at = source_coordinates(size, count, scale, coordinates, region)
        if mode == "nearest":
            places = nearest_places(at, nearest_mode).clamp(0, size - 1).long()
            result = result.index_select(axis, places.to(x.device))
        else:
            options = (scale, mode, cubic_coeff_a, exclude_outside, antialias)
            matrix = resize_matrix(at, size, *options).to(result)
            result = (result.movedim(axis, -1) @ matrix.T).movedim(-1, axis)
        if crop:
            outside.append((axis, (at < 0) | (at > size - 1)))
    if result.dtype != x.dtype:
        limits = None if x.is_floating_point() else torch.iinfo(x.dtype)
        result = (
            result if limits is None else result.trunc().clamp(limits.min, limits.max)
        )
        result = result.to(x.dtype)
    for axis, mask in outside:
        shape = [1] * x.dim()
        shape[axis] = -1
        result = torch.where(
            mask.reshape(shape).to(x.device), extrapolation_value, result
        )
    return result.to(x.dtype)


def grid_sample_nd(
    x: torch.Tensor,
    grid: torch.Tensor,
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> torch.Tensor:
    """ONNX GridSample of (N, C, *spatial) at (N, *results, dims), x first, in any rank.

    mode: nearest, linear or cubic; padding_mode: zeros, border or reflection.
    """
    rank = x.dim() - 2
    spatial = x.shape[2:]
    places: list[torch.Tensor] = []
    weights: list[torch.Tensor] = []
    offsets = {"nearest": [0], "linear": [0, 1], "cubic": [-1, 0, 1, 2]}[mode]
    for axis, size in enumerate(spatial):
        at = grid[..., rank - 1 - axis].double()
        at = (at + 1) / 2 * (size - 1) if align_corners else ((at + 1) * size - 1) / 2
        low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
        if padding_mode == "border":
            at = torch.where((at < low) | (at > high), at.clamp(0, size - 1), at)
        elif mode != "cubic":
            at = border_or_reflect(at, low, high, padding_mode)
        if mode == "nearest":
            near, weight = at.round()[..., None], torch.ones_like(at)[..., None]
        else:
            near = at.floor()[..., None] + torch.tensor(offsets, device=x.device)
            weight = kernel_values(near - at[..., None], mode, -0.75)
        if padding_mode == "zeros":
            weight = weight * ((near >= 0) & (near < size))
        else:
            near = border_or_reflect(near, low, high, padding_mode)
        places.append(near.clamp(0, size - 1).long())
        weights.append(weight)
    flat = x.flatten(2).double()
    total = torch.zeros(
        *x.shape[:2], grid[0, ..., 0].numel(), dtype=torch.float64, device=x.device
    )
    for taps in itertools.product(range(len(offsets)), repeat=rank):
        place = torch.zeros_like(places[0][..., 0])
        weight = torch.ones_like(weights[0][..., 0])
        for axis, tap in enumerate(taps):
            place = place * spatial[axis] + places[axis][..., tap]
            weight = weight * weights[axis][..., tap]
        index = place.flatten(1)[:, None].expand(-1, x.shape[1], -1)
        total += flat.gather(2, index) * weight.flatten(1)[:, None]
    return total.to(x.dtype).reshape(*x.shape[:2], *grid.shape[1:-1])


def border_or_reflect(
    at: torch.Tensor, low: float, high: float, padding_mode: str
) -> torch.Tensor:
    """Coordinates beyond the ends moved to the border, or reflected at low and high."""
    if padding_mode == "border":
        return at.clamp(math.ceil(low), math.floor(high))
    if padding_mode == "zeros":
        return at
    if high == low:
        return at * 0
    period = 2 * (high - low)
    folded = (at - low) % period
    return torch.minimum(folded, period - folded) + low
