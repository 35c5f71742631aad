"""Indexing where negative indices, duplicates or reductions need more than one call."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import torch


def from_front(indices: torch.Tensor, size: int) -> torch.Tensor:
    """Indices as int64, negative ones counted from the end."""
    indices = indices.long()
    return torch.where(indices < 0, indices + size, indices)


def gather_elements(x: torch.Tensor, indices: torch.Tensor, dim: int) -> torch.Tensor:
    """ONNX GatherElements: x[…, indices[…, i, …], …] at each place of the indices."""
    return x.gather(dim, from_front(indices, x.shape[dim]))


def gather_nd(x: torch.Tensor, indices: torch.Tensor, batch_dims: int) -> torch.Tensor:
    """ONNX GatherND: the last dimension of the indices points into x, for each batch element."""
    count = x.shape[:batch_dims].numel()
    points = indices.reshape(count, -1, indices.shape[-1]).long()
    batches = torch.arange(count, device=x.device)[:, None]
    flat = x.reshape(count, *x.shape[batch_dims:])
    found = flat[(batches, *points.unbind(-1))]
    return found.reshape(
        *indices.shape[:-1], *x.shape[batch_dims + indices.shape[-1] :]
    )


REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scatter_elements(
    x: torch.Tensor,
    indices: torch.Tensor,
    updates: torch.Tensor,
    dim: int,
    reduction: str = "none",
) -> torch.Tensor:
    """ONNX ScatterElements: a copy of x with updates at the indices along a dimension."""
    indices = from_front(indices, x.shape[dim])
    if reduction == "none":
        return x.scatter(dim, indices, updates)
    return x.scatter_reduce(dim, indices, updates, REDUCTIONS[reduction])


def scatter_nd(
    x: torch.Tensor,
    indices: torch.Tensor,
    updates: torch.Tensor,
    reduction: str = "none",
) -> torch.Tensor:
    """ONNX ScatterND: a copy of x with slices updated where the last dimension points."""
    depth = indices.shape[-1]
    if reduction == "none":
        return x.index_put(tuple(indices.long().unbind(-1)), updates)
    sizes = x.shape[:depth]
    place = torch.zeros_like(indices[..., 0], dtype=torch.int64)
    for size, index in zip(sizes, indices.unbind(-1), strict=True):
        place = place * size + from_front(index, size)
    rows = x.reshape(sizes.numel(), -1)
    flat = updates.reshape(-1, rows.shape[1])
    place = place.reshape(-1, 1).expand(flat.shape)
    return rows.scatter_reduce(0, place, flat, REDUCTIONS[reduction]).reshape(x.shape)


def top_k(
    x: torch.Tensor, k: int, dim: int = -1, largest: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX TopK: sorted; of equal elements the one with the smaller index comes first."""
    values, indices = torch.sort(x, dim=dim, descending=largest, stable=True)
    return values.narrow(dim, 0, k), indices.narrow(dim, 0, k)


def one_hot(
    indices: torch.Tensor, depth: int, values: torch.Tensor, axis: int = -1
) -> torch.Tensor:
    """ONNX OneHot: values[1] at the index along a new axis, values[0] elsewhere and for indices
    outside [-depth, depth - 1]."""
    axis = axis % (indices.dim() + 1)
    indices = indices.long().unsqueeze(axis)
    indices = torch.where(indices < 0, indices + depth, indices)
    classes = torch.arange(depth, device=indices.device)
    classes = classes.reshape(-1, *[1] * (indices.dim() - 1 - axis))
    return torch.where(indices == classes, values[1], values[0])


def compress(
    x: torch.Tensor, condition: torch.Tensor, axis: int | None = None
) -> torch.Tensor:
    """ONNX Compress: the slices along an axis, or the elements, whose condition is true."""
    kept = condition.nonzero().flatten()
    return x.flatten()[kept] if axis is None else x.index_select(axis, kept)


def unique(
    x: torch.Tensor, axis: int | None = None, sorted: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX Unique: values, index of the first occurrence of each, inverse and counts.

    The values are sorted, or in the order of their first occurrences.
    """
    if axis is None:
        x, axis = x.flatten(), 0
    values, inverse, counts = torch.unique(
        x, return_inverse=True, return_counts=True, dim=axis
    )
    places = torch.arange(inverse.numel(), device=x.device)
    first = torch.full_like(counts, inverse.numel())
    first = first.scatter_reduce(0, inverse, places, "amin")
    if not sorted:
        order = first.argsort()
        rank = torch.empty_like(order).scatter(
            0, order, torch.arange(len(order), device=x.device)
        )
        values, first, counts = (
            values.index_select(axis, order),
            first[order],
            counts[order],
        )
        inverse = rank[inverse]
    return values, first, inverse, counts


def reverse_sequence(
    x: torch.Tensor, lengths: torch.Tensor, batch_axis: int = 1, time_axis: int = 0
) -> torch.Tensor:
    """ONNX ReverseSequence: the first lengths[b] steps of each batch element b backwards."""
    steps = torch.arange(x.shape[time_axis], device=x.device)[:, None]
    lengths = lengths.long()
    places = torch.where(steps < lengths, lengths - 1 - steps, steps)
    if time_axis > batch_axis:
        places = places.T
    places = places.reshape(*places.shape, *[1] * (x.dim() - 2))
    return x.gather(time_axis, places.expand(x.shape))


def tensor_scatter(
    past: torch.Tensor,
    update: torch.Tensor,
    write_indices: torch.Tensor | None = None,
    axis: int = -2,
    circular: bool = False,
) -> torch.Tensor:
    """ONNX TensorScatter: a cache with `update` written along an axis, from an index for each
    element of the batch on; `circular` wraps around at the cache's end."""
    axis = axis % past.dim()
    places = torch.arange(update.shape[axis], device=past.device).expand(
        past.shape[0], -1
    )
    if write_indices is not None:
        places = places + write_indices[:, None]
    if circular:
        places = places % past.shape[axis]
    places = places.reshape(
        len(places), *[1] * (axis - 1), -1, *[1] * (past.dim() - 1 - axis)
    )
    return past.scatter(axis, places.expand(update.shape), update)
