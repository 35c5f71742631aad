"""Object detection: regions of interest and non-maximum suppression."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import torch


def bilinear_samples(
    image: torch.Tensor, y: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    """Four corners, weighted, of an image (C, H, W) at each (y, x): (C, 4, *points).

    Zero more than one pixel outside.
    """
    height, width = image.shape[1:]
    outside = (y < -1) | (y > height) | (x < -1) | (x > width)
    y, x = y.clamp(min=0), x.clamp(min=0)
    top, left = y.long().clamp(max=height - 1), x.long().clamp(max=width - 1)
    y = torch.where(top == height - 1, top.to(y.dtype), y)
    x = torch.where(left == width - 1, left.to(x.dtype), x)
    down, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    along_y, along_x = y - top, x - left
    weights = [
        (1 - along_y) * (1 - along_x),
        (1 - along_y) * along_x,
        along_y * (1 - along_x),
        along_y * along_x,
    ]
    corners = [image[:, top, left], image[:, top, right], image[:, down, left]]
    corners.append(image[:, down, right])
    samples = torch.stack([c * w for c, w in zip(corners, weights, strict=True)], dim=1)
    return torch.where(outside, 0, samples)


def roi_align(
    x: torch.Tensor,
    rois: torch.Tensor,
    batch_indices: torch.Tensor,
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
    mode: str = "avg",
    half_pixel: bool = True,
) -> torch.Tensor:
    """ONNX RoiAlign (arXiv 1703.06870): x (N, C, H, W), rois (R, 4) of (x1, y1, x2, y2) in images
    batch_indices (R): (R, C, output_height, output_width)."""
    offset = 0.5 if half_pixel else 0.0
    results: list[torch.Tensor] = []
    for roi, batch in zip(
        rois * spatial_scale - offset, batch_indices.tolist(), strict=True
    ):
        left, top, right, bottom = roi.unbind()
        width, height = right - left, bottom - top
        if not half_pixel:
            width, height = width.clamp(min=1.0), height.clamp(min=1.0)
        step_y, step_x = height / output_height, width / output_width
        rows = sampling_ratio if sampling_ratio > 0 else max(int(step_y.ceil()), 0)
        columns = sampling_ratio if sampling_ratio > 0 else max(int(step_x.ceil()), 0)
        place_y = (torch.arange(rows, device=x.device) + 0.5) / max(rows, 1)
        place_x = (torch.arange(columns, device=x.device) + 0.5) / max(columns, 1)
        y = top + step_y * (
            torch.arange(output_height, device=x.device)[:, None] + place_y
        )
        x_at = left + step_x * (
            torch.arange(output_width, device=x.device)[:, None] + place_x
        )
        y, x_at = torch.broadcast_tensors(y[:, None, :, None], x_at[None, :, None, :])
        samples = bilinear_samples(x[batch], y, x_at)
        if mode == "max":
            results.append(samples.amax((1, 4, 5)))
        else:
            results.append(samples.sum((1, 4, 5)) / max(rows * columns, 1))
    if not results:
        return x.new_zeros(0, x.shape[1], output_height, output_width)
    return torch.stack(results).to(x.dtype)


def corners_of(boxes: torch.Tensor, center_point_box: int) -> torch.Tensor:
    """Boxes (B, 4) as (y1, x1, y2, x2) with ordered corners."""
    if center_point_box:
        x, y, width, height = boxes.unbind(-1)
        parts = [y - height / 2, x - width / 2, y + height / 2, x + width / 2]
        return torch.stack(parts, dim=-1)
    first, second = boxes[:, :2], boxes[:, 2:]
    return torch.cat(
        [torch.minimum(first, second), torch.maximum(first, second)], dim=1
    )


def overlap(box: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Intersection over union of a box with boxes (B, 4); 0 for boxes without area."""
    low = torch.maximum(box[:2], boxes[:, :2])
    high = torch.minimum(box[2:], boxes[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area = (box[2:] - box[:2]).prod(-1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    ratio = shared / (area + areas - shared)
    return torch.where((shared <= 0) | (area <= 0) | (areas <= 0), 0, ratio)


def non_max_suppression(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    max_output_boxes_per_class: int = 0,
    iou_threshold: float = 0.0,
    score_threshold: float | None = None,
    center_point_box: int = 0,
) -> torch.Tensor:
    """ONNX NonMaxSuppression: boxes (N, B, 4), scores (N, C, B): int64 (selected, 3) of (batch,
    class, box), per class by falling score."""
    selected: list[list[int]] = []
    for batch in range(boxes.shape[0]):
        corners = corners_of(boxes[batch], center_point_box)
        for number in range(scores.shape[1]):
            score = scores[batch, number]
            left = torch.sort(score, descending=True, stable=True).indices
            if score_threshold is not None:
                left = left[score[left] > score_threshold]
            count = 0
            while len(left) and count < max_output_boxes_per_class:
                best = left[0]
                selected.append([batch, number, int(best)])
                count += 1
                left = left[1:]
                left = left[overlap(corners[best], corners[left]) <= iou_threshold]
    return torch.tensor(selected, dtype=torch.int64, device=boxes.device).reshape(-1, 3)
