"""Convolutions by Winograd's minimal filtering.

Filters of 3x3 on tiles of 4x4 take 36 products in the place of 144.  The order of sums is another
one, and so is the rounding.  The products are products of matrices.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .computation import Computation
from .laid_out import LaidOut
from .minimal_filtering import minimal_filtering
from .onednn import OneDNN, UnsupportedError
from .parts import even_parts
from .primitive_product import Panels, Product
from .primitives import (
    Activation,
    Pair,
    activation_alone,
    adds_to,
    channels_last,
    fused,
    pair,
)
from .product import Matrices, panels_of
from .winograd_tiles import Axis
from .winograd_transforms import Band, reading, writing

OUTPUTS = {1: 1, 3: 4, 5: 2, 7: 2}
"""Of a tile, for filters of so many taps: 6 or 8 products, of which few bits are lost."""
MOST_PRODUCTS = 36
"""Of a tile, in both directions."""
BAND_BYTES = 3 << 19
"""Of products; a larger image is computed a band of tiles after the other, within the cache."""


class Winograd:
    """activation(conv2d(x, weight, bias) + addend) of x (N, C, H, W), channels last."""

    def __init__(
        self,
        library: OneDNN,
        shape: Sequence[int],
        weight: Tensor,
        bias: Tensor | None,
        window: tuple[Pair, Pair, Pair, int],
        activation: Activation | None,
        addend_shape: Sequence[int] | None = None,
        known: LaidOut | None = None,
    ) -> None:
        """`window`: stride, padding, dilation and groups; `known`: layouts of the weight.

        Raises UnsupportedError.
        """
        if torch.backends.cpu.get_cpu_capability() != "AVX512":
            raise UnsupportedError("no AVX-512")
        rows, columns = _axes(shape, weight, window)
        self._shape = shape[0], weight.shape[0], rows.outputs, columns.outputs
        filters = _Filters(weight, rows, columns, known or LaidOut())
        bands = _bands(Band(rows, columns, shape[0], shape[1], weight.shape[0], 0, rows.tiles))
        threads, adds = torch.get_num_threads(), adds_to(addend_shape, self._shape)
        inside = fused(activation)
        strides = channels_last(self._shape)
        self._bands = [
            (
                reading(band, threads),
                filters.product(band),
                writing(band, threads, bias, adds, inside, strides),
            )
            for band in bands
        ]
        self._sizes = [
            max(band.products * band.plane(channels) for band in bands)
            for channels in (shape[1], weight.shape[0])
        ]
        self._last: Computation | None = None
        if activation is not None and inside is None:
            self._last = activation_alone(library, (self._shape, strides), activation)

    def __call__(self, x: Tensor, addend: Tensor | None = None) -> Tensor:
        """A new tensor with the result."""
        y = torch.empty_strided(self._shape, channels_last(self._shape))
        tiles, products = [torch.empty(size) for size in self._sizes]
        for read, multiply, write in self._bands:
            read.into(tiles, x)
            multiply.into(products, tiles)
            write.into(y, products, addend)
        if self._last is not None:
            self._last.into(y, y)
        return y


def products_of(taps: Sequence[int]) -> int:
    """How many products a tile takes, for filters of so many rows and columns."""
    return math.prod(OUTPUTS[count] + count - 1 for count in taps)


def _axes(
    shape: Sequence[int], weight: Tensor, window: tuple[Pair, Pair, Pair, int]
) -> tuple[Axis, Axis]:
    """Rows and columns.  Raises UnsupportedError for what has no minimal filtering here."""
    *pairs, groups = window
    stride, padding, dilation = map(pair, pairs)
    taps = weight.shape[2:]
    if (stride, dilation, groups, weight.dtype) != ((1, 1), (1, 1), 1, torch.float32):
        raise UnsupportedError("filters of float32 that move by one pixel")
    if not OUTPUTS.keys() >= set(taps):
        raise UnsupportedError("filters of other sizes")
    if not 1 < products_of(taps) <= MOST_PRODUCTS:
        raise UnsupportedError("too many products, or none are spared")
    filterings = [minimal_filtering(OUTPUTS[count], count) for count in taps]
    rows, columns = [
        Axis(size, before, size + 2 * before - count + 1, filtering)
        for size, before, count, filtering in zip(shape[2:], padding, taps, filterings, strict=True)
    ]
    if min(rows.outputs, columns.outputs) < 1 or any(
        p >= count for p, count in zip(padding, taps, strict=True)
    ):
        raise UnsupportedError("more padding than the filter reaches")
    return rows, columns


@dataclass(frozen=True)
class _Filters:
    """The filters (K, C, h, w) as a matrix (C, K) for each of the products of a tile."""

    weight: Tensor
    rows: Axis
    columns: Axis
    known: LaidOut

    @property
    def shape(self) -> tuple[int, int, int]:
        """Products, C and K."""
        products = self.rows.filtering.products * self.columns.filtering.products
        return products, self.weight.shape[1], self.weight.shape[0]

    def values(self) -> Tensor:
        """Summed in float64, one product after the other: it needs little memory."""
        products, inputs, outputs = self.shape
        taps = self.weight.permute(1, 0, 2, 3).reshape(inputs * outputs, -1).double()
        values = torch.empty(products, inputs * outputs)
        pairs = itertools.product(self.rows.filtering.filter, self.columns.filtering.filter)
        for number, (row, column) in enumerate(pairs):
            factors = torch.tensor([a * b for a in row for b in column], dtype=torch.float64)
            values[number] = taps @ factors
        return values.view(self.shape)

    def product(self, band: Band) -> Product:
        """tiles · filters for each of the products.  Raises UnsupportedError."""
        products, inputs, outputs = self.shape
        source, result = [
            (channels, band.plane(channels)) for channels in (band.inputs, band.outputs)
        ]
        matrices = Matrices(products, band.tiles, inputs, outputs, source, result)
        data = self.known.own("winograd", lambda: panels_of(self.values()))
        shape, strides = (products, band.tiles, outputs), (band.plane(outputs), outputs, 1)
        return Product(matrices, Panels(data, None, outputs, inputs), shape, strides)


def _bands(whole: Band) -> list[Band]:
    """Of about equal height."""
    tile_bytes = whole.products * 4 * max(whole.inputs, whole.outputs)
    count = min(whole.stop, math.ceil(whole.tiles * tile_bytes / BAND_BYTES))
    return [replace(whole, start=start, stop=stop) for start, stop in even_parts(whole.stop, count)]
