"""A convolution's tiles, from the image to the products of minimal filtering and back to a result.

Both are machine code of our own (winograd_code.py), which threads share by tiles.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from .assembler import FLOAT, LARGEST_OFFSET
from .machine_code import MachineCode
from .minimal_filtering import Filtering
from .onednn import UnsupportedError
from .team_calls import Call, functions_of
from .team_computation import TeamComputation
from .winograd_code import Strides, reading_code, writing_code
from .winograd_tiles import Axis

SPARE = 16
"""Numbers between the products: at multiples of 4096 bytes they would share lines of the cache."""
KEPT = 256
"""Functions for tiles of different shapes."""

Functions: TypeAlias = tuple[MachineCode, dict[Hashable, int]]
"""Code, and where in it the function for each kind of tile begins."""


@dataclass(frozen=True)
class Band:
    """Tiles in the rows start … stop - 1, of `images` with `inputs` channels, then `outputs`."""

    rows: Axis
    columns: Axis
    images: int
    inputs: int
    outputs: int
    start: int
    stop: int

    @property
    def tiles(self) -> int:
        """How many."""
        return self.images * (self.stop - self.start) * self.columns.tiles

    @property
    def products(self) -> int:
        """Of a tile."""
        return self.rows.filtering.products * self.columns.filtering.products

    def plane(self, channels: int) -> int:
        """Numbers from one product of all tiles to the next."""
        return self.tiles * channels + SPARE

    def each(self) -> Iterator[tuple[int, int, int, int]]:
        """For each tile its number, image, row and column."""
        rows = range(self.start, self.stop)
        tiles = itertools.product(range(self.images), rows, range(self.columns.tiles))
        for number, tile in enumerate(tiles):
            yield number, *tile


class TileTransform(TeamComputation):
    """Functions of tiles, in any order."""

    def __init__(
        self,
        functions: Functions,
        tiles: Sequence[tuple[Hashable, int, int]],
        threads: int,
        result: tuple[Sequence[int], Sequence[int]],
        bias: Tensor | None = None,
    ) -> None:
        """`tiles`: of each the kind, and the offsets of its source and result in numbers.

        Raises UnsupportedError where there is no team of threads for it.
        """
        code, starts = functions
        calls = [
            Call(starts[kind], FLOAT * source, FLOAT * y, addend=FLOAT * y)
            for kind, source, y in tiles
        ]
        super().__init__(code, calls, threads, bias, result)


def reading(band: Band, threads: int) -> TileTransform:
    """The products of a band's tiles (products, tiles, C) from an image (N, H, W, C).

    Raises UnsupportedError.
    """
    rows, columns, channels = band.rows, band.columns, band.inputs
    line = columns.size * channels
    tiles: list[tuple[Hashable, int, int]] = []
    for number, image, row, column in band.each():
        kind = rows.inputs(row), columns.inputs(column)
        first_row = image * rows.size + rows.start(row) + kind[0][0]
        source = first_row * line + (columns.start(column) + kind[1][0]) * channels
        tiles.append((kind, source, number * channels))
    strides = _strides(band, line, channels, channels)
    kinds = tuple(dict.fromkeys(kind for kind, _, _ in tiles))
    functions = _reading_functions(rows.filtering, columns.filtering, kinds, strides, channels)
    shape, places = (band.products, band.tiles, channels), (band.plane(channels), channels, 1)
    return TileTransform(functions, tiles, threads, (shape, places))


def writing(
    band: Band,
    threads: int,
    bias: Tensor | None,
    adds: bool,
    activation: str | None,
    strides: Sequence[int],
) -> TileTransform:
    """A band's part of the result, of its products (products, tiles, K).

    `strides`: of the result (N, K, H, W), K innermost.  Raises UnsupportedError.
    """
    rows, columns, channels = band.rows, band.columns, band.outputs
    per_image, _, per_row, per_column = strides
    tiles: list[tuple[Hashable, int, int]] = []
    for number, image, row, column in band.each():
        kind = rows.results(row), columns.results(column)
        down, along = row * rows.filtering.outputs, column * columns.filtering.outputs
        y = image * per_image + down * per_row + along * per_column
        tiles.append((kind, number * channels, y))
    steps = _strides(band, per_row, per_column, channels)
    kinds = tuple(dict.fromkeys(kind for kind, _, _ in tiles))
    after = bias is not None, adds, activation
    functions = _writing_functions(rows.filtering, columns.filtering, kinds, steps, channels, after)
    shape = band.images, channels, rows.outputs, columns.outputs
    made = TileTransform(functions, tiles, threads, (shape, strides), bias)
    if not adds:  # the addend is laid out as the result
        made.placed = functools.partial(writing, band, threads, bias, adds, activation)
    return made


def _strides(band: Band, row: int, column: int, channels: int) -> Strides:
    """In bytes.  Raises UnsupportedError where a tile is larger than an offset may be."""
    plane = band.plane(channels)
    if FLOAT * band.products * max(row, column, plane) > LARGEST_OFFSET:
        raise UnsupportedError("too large for machine code")
    return Strides(FLOAT * row, FLOAT * column, FLOAT * plane)


@functools.lru_cache(maxsize=KEPT)
def _reading_functions(
    rows: Filtering,
    columns: Filtering,
    kinds: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    strides: Strides,
    channels: int,
) -> Functions:
    return _compiled(
        {kind: reading_code((rows, columns), kind, strides, channels) for kind in kinds}
    )


@functools.lru_cache(maxsize=KEPT)
def _writing_functions(
    rows: Filtering,
    columns: Filtering,
    kinds: Sequence[tuple[int, int]],
    strides: Strides,
    channels: int,
    after: tuple[bool, bool, str | None],
) -> Functions:
    return _compiled(
        {kind: writing_code((rows, columns), kind, strides, channels, *after) for kind in kinds}
    )


def _compiled(codes: dict[Hashable, bytes]) -> Functions:
    code, starts = functions_of([*codes.values()])
    return code, dict(zip(codes, starts, strict=True))
