"""Which pixels the tiles of a convolution by minimal filtering read and write along one axis."""

from __future__ import annotations

from dataclasses import dataclass

from .minimal_filtering import Filtering


@dataclass(frozen=True)
class Axis:
    """The rows, or the columns, of an image (`size` of them) and of the result of a filter.

    `padding`: zeros before the image, less than the filter has taps; as many are behind it.
    """

    size: int
    padding: int
    outputs: int
    filtering: Filtering

    @property
    def tiles(self) -> int:
        """How many there are; the last one may have more outputs than are left."""
        return -(-self.outputs // self.filtering.outputs)

    @property
    def is_filtered(self) -> bool:
        """Whether there is more than one tap."""
        return self.filtering.products > 1

    def start(self, tile: int) -> int:
        """Where the inputs of a tile begin, those of padding included."""
        return tile * self.filtering.outputs - self.padding

    def inputs(self, tile: int) -> tuple[int, int]:
        """The first of a tile's inputs that is no padding, and the one behind the last."""
        start = self.start(tile)
        return max(0, -start), min(self.filtering.products, self.size - start)

    def results(self, tile: int) -> int:
        """How many of a tile's outputs there are."""
        return min(self.filtering.outputs, self.outputs - tile * self.filtering.outputs)
