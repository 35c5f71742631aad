"""What is computed of each window of an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Windows:
    """activation(factor · average of each window + addend) of images (N, C, H, W).

    In the place of the average there may be a sum with filters.  `kernel`, `stride` and `padding`
    (zeros before the image) are of rows and columns; `size`: of the result; `divisor`: None for the
    number of taps that are no padding; `activation`: see activation_code.py.
    """

    image: tuple[int, ...]
    size: tuple[int, int]
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    adds: bool = False
    activation: str | None = None
    divisor: int | None = None
    factor: float = 1.0

    @property
    def result(self) -> tuple[int, ...]:
        """Its shape."""
        return *self.image[:2], *self.size

    @property
    def is_pointwise(self) -> bool:
        """Whether each window is one pixel, and nothing but a sum or an activation is computed."""
        usual = self.kernel, self.stride, self.padding, self.divisor or 1, self.factor
        return usual == ((1, 1), (1, 1), (0, 0), 1, 1.0)

    def taps(self, axis: int, position: int) -> tuple[int, int]:
        """The first tap at a row or a column of the result that is no padding, and the end."""
        start = position * self.stride[axis] - self.padding[axis]
        return max(0, -start), min(self.kernel[axis], self.image[2 + axis] - start)
