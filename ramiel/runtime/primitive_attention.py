"""Attention by oneDNN's primitives: two products of matrices with a softmax between them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .onednn import FAILURES, OneDNN, onednn
from .primitive import SOURCE, WEIGHTS, Primitive, second_source
from .primitives import FORWARD_INFERENCE, Place, attributes, dense

SOFTMAX = 0x30000
KEPT = 256


class Steps(NamedTuple):
    """scores = query · keyᵀ · scale + mask; softmax of its rows; result = scores · value."""

    scores: Primitive
    softmax: Primitive
    result: Primitive


def attended(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float | None
) -> Tensor | None:
    """softmax(query · keyᵀ · scale + mask) · value; None where oneDNN has no kernel.

    Float32 of (B, H, L, E), (B, H, S, E) and (B, H, S, V) to (B, H, L, V), where L comes before H
    in memory, as what joins the heads again wants it.
    """
    given = [query, key, value]
    if mask is not None:
        mask = mask[(None,) * (4 - mask.dim())]
        given.append(mask)
    if not all(tensor.dtype == torch.float32 and tensor.is_cpu for tensor in given):
        return None
    places = tuple([(tensor.shape, tensor.stride()) for tensor in given])
    steps = _steps(places, scale, torch.get_num_threads())
    if steps is None:
        return None
    scores = steps.scores(query, key, mask)
    steps.softmax.into(scores, scores)
    return steps.result(scores, value)


@functools.lru_cache(maxsize=KEPT)
def _steps(places: tuple[Place, ...], scale: float | None, threads: int) -> Steps | None:
    library = onednn()
    if library is None or any(0 in shape for shape, _ in places):
        return None
    try:
        return _make(library, places, scale)
    except FAILURES:
        return None


def _make(library: OneDNN, places: tuple[Place, ...], scale: float | None) -> Steps:
    (query, key, value), mask = places[:3], places[3:]
    transposed = _transposed(key[0]), _transposed(key[1])
    batch, heads, length, size = query[0]
    width = value[0][3]
    factor = 1 / math.sqrt(size) if scale is None else scale
    shape = batch, heads, length, key[0][2]
    scores = shape, dense(shape)
    joined = length * heads * width, width, heads * width, 1
    return Steps(
        _product(library, query, transposed, scores, factor, *mask),
        _softmax(library, scores),
        _product(library, scores, value, ((batch, heads, length, width), joined)),
    )


def _transposed(numbers: Sequence[int]) -> Sequence[int]:
    return *numbers[:2], numbers[3], numbers[2]


def _product(
    library: OneDNN,
    left: Place,
    right: Place,
    result: Place,
    scale: float | None = None,
    *mask: Place,
) -> Primitive:
    """left @ right · scale + mask."""
    source, weights, target, *addend = [
        library.layout(*place, torch.float32) for place in (left, right, result, *mask)
    ]
    description = library.describe(
        "matmul_primitive_desc_create",
        *(source, weights, None, target),
        attributes(library, None, *addend, scale=scale),
    )
    inputs = [(SOURCE, source), (WEIGHTS, weights)]
    inputs += [(second_source(1), layout) for layout in addend]
    return Primitive(library, description, inputs, [], (target, *result, torch.float32))


def _softmax(library: OneDNN, place: Place) -> Primitive:
    """The softmax of rows, which may be written to where they stood."""
    layout = library.layout(*place, torch.float32)
    description = library.describe(
        "softmax_forward_primitive_desc_create",
        *(FORWARD_INFERENCE, SOFTMAX, layout, layout, 3),
        attributes(library),
    )
    return Primitive(library, description, [(SOURCE, layout)], [], (layout, *place, torch.float32))
