"""Poolings in the forms that PyTorch's functions do not have."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F


def pooling_windows(
    x: torch.Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    ceil_mode: bool,
    value: float,
) -> torch.Tensor:
    """All windows of (N, C, *spatial), padded with `value`: (N, C, *results, *kernel).

    With `ceil_mode` a last window that only begins inside the input or the padding before it
    counts too.
    """
    ends: list[int] = []
    for axis in reversed(range(len(kernel))):
        size, extent = x.shape[2 + axis], (kernel[axis] - 1) * dilation[axis] + 1
        last = size + before[axis] + after[axis] - extent
        if ceil_mode:
            last = -(-last // stride[axis]) * stride[axis]
            if last >= size + before[axis]:
                last -= stride[axis]
        reached = last + extent - before[axis] - size
        ends += [before[axis], max(reached, after[axis])]
    windows = F.pad(x, ends, value=value)
    for axis in range(len(kernel)):
        extent = (kernel[axis] - 1) * dilation[axis] + 1
        windows = windows.unfold(2 + axis, extent, stride[axis])[..., :: dilation[axis]]
    return windows


def average_pool(
    x: torch.Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> torch.Tensor:
    """ONNX AveragePool of (N, C, *spatial): dilations, and padding of two sizes."""
    dims = tuple(range(-len(kernel), 0))
    inside = torch.ones_like(x[:1, :1], dtype=torch.float32)
    if count_include_pad:
        ends = [
            end
            for axis in reversed(range(len(kernel)))
            for end in (before[axis], after[axis])
        ]
        inside = F.pad(inside, ends, value=1.0)
        x = F.pad(x, ends)
        before = after = [0] * len(kernel)
    geometry = (kernel, stride, dilation, before, after, ceil_mode)
    wide = x if x.dtype == torch.float64 else x.float()
    total = pooling_windows(wide, *geometry, value=0.0).sum(dims)
    return (total / pooling_windows(inside, *geometry, value=0.0).sum(dims)).to(x.dtype)


def max_pool_with_indices(
    x: torch.Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    ceil_mode: bool = False,
    column_major: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX MaxPool of (N, C, *spatial) with Indices: where in the whole flattened x each maximum
    is; with `column_major` the last spatial dimension counts slowest."""
    spatial = x.shape[2:]
    shape = (1, 1, *spatial)
    if column_major:
        order = torch.arange(spatial.numel(), device=x.device).reshape(
            *reversed(spatial)
        )
        place = order.permute(*reversed(range(len(spatial)))).reshape(shape)
    else:
        place = torch.arange(spatial.numel(), device=x.device).reshape(shape)
    geometry = (kernel, stride, dilation, before, after, ceil_mode)
    wide = x if x.is_floating_point() else x.float()
    windows = pooling_windows(wide, *geometry, value=-torch.inf).flatten(-len(kernel))
    # Padding must lose to an element that is -inf itself.
    inside = torch.ones(shape, device=x.device)
    inside = pooling_windows(inside, *geometry, value=0.0).flatten(-len(kernel)) > 0
    values = windows.amax(-1)
    chosen = ((windows == values.unsqueeze(-1)) & inside).int().argmax(-1, keepdim=True)
    places = (
        pooling_windows(place.double(), *geometry, value=0.0)
        .flatten(-len(kernel))
        .long()
    )
    places = places.expand(windows.shape).gather(-1, chosen).squeeze(-1)
    planes = torch.arange(x.shape[0] * x.shape[1], device=x.device).reshape(
        *x.shape[:2], *[1] * len(spatial)
    )
    return values.to(x.dtype), places + planes * spatial.numel()


def lp_pool(
    x: torch.Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    ceil_mode: bool = False,
    p: float = 2,
) -> torch.Tensor:
    """ONNX LpPool of (N, C, *spatial): the p-norm of each window."""
    wide = x if x.dtype == torch.float64 else x.float()
    geometry = (kernel, stride, dilation, before, after, ceil_mode)
    windows = pooling_windows(wide, *geometry, value=0.0)
    powers = windows.abs().pow(p).sum(tuple(range(-len(kernel), 0)))
    return powers.pow(1 / p).to(x.dtype)


def max_unpool(
    x: torch.Tensor, indices: torch.Tensor, shape: Sequence[int]
) -> torch.Tensor:
    """ONNX MaxUnpool: the elements of x at their flat indices in zeros of that shape."""
    whole = x.new_zeros(tuple(shape)).flatten()
    return whole.scatter(0, indices.flatten(), x.flatten()).reshape(tuple(shape))


def max_unpool_into(
    x: torch.Tensor,
    indices: torch.Tensor,
    shape: Sequence[int],
    output_shape: Sequence[int],
) -> torch.Tensor:
    """ONNX MaxUnpool with an output shape: `shape` is what it would have without."""
    y = max_unpool(x, indices, shape)
    ends = [
        end
        for size, wanted in zip(
            reversed(y.shape), reversed(list(output_shape)), strict=True
        )
        for end in (0, wanted - size)
    ]
    return F.pad(y, ends)


def max_roi_pool(
    x: torch.Tensor,
    rois: torch.Tensor,
    pooled_shape: Sequence[int],
    spatial_scale: float = 1.0,
) -> torch.Tensor:
    """ONNX MaxRoiPool: x (N, C, H, W), rois (R, 5) of (batch, x1, y1, x2, y2): (R, C, pH, pW)."""
    height, width = x.shape[2:]
    rows, columns = pooled_shape
    result = x.new_zeros(rois.shape[0], x.shape[1], rows, columns)
    corners: list[list[float]] = rois.tolist()
    for number, roi in enumerate(corners):
        image = x[int(roi[0])]
        # Halves are rounded away from zero, as in C.
        left, top, right, bottom = (
            int(corner * spatial_scale + 0.5) for corner in roi[1:]
        )
        bin_height = max(bottom - top + 1, 1) / rows
        bin_width = max(right - left + 1, 1) / columns
        for row in range(rows):
            y1 = min(max(int(row * bin_height) + top, 0), height)
            y2 = min(max(int(-(-(row + 1) * bin_height // 1)) + top, 0), height)
            for column in range(columns):
                x1 = min(max(int(column * bin_width) + left, 0), width)
                x2 = min(max(int(-(-(column + 1) * bin_width // 1)) + left, 0), width)
                if y1 < y2 and x1 < x2:
                    result[number, :, row, column] = image[:, y1:y2, x1:x2].amax((1, 2))
    return result
