"""Convolutions 1x1 and linear layers as products of matrices in machine code of our own.

They are as fast as oneDNN's, small ones faster, write their rows anywhere, and take no more memory
than the weight.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .computation import Computation, Window
from .laid_out import LaidOut
from .onednn import OneDNN, UnsupportedError
from .primitives import (
    Activation,
    Pair,
    Place,
    activation_alone,
    adds_to,
    channels_last,
    dense,
    fused,
    pair,
)
from .product import Matrices, calls_of, panels_of
from .team_computation import TeamComputation

FEWEST_ROWS = 4
"""Below that a product waits for memory, and oneDNN has other kernels for it."""


@dataclass(frozen=True)
class Panels:
    """A weight (outputs, inputs) that is laid out with a bias, which is kept: it tells this one."""

    data: Tensor
    bias: Tensor | None
    outputs: int
    inputs: int


class Product(TeamComputation):
    """Products of matrices, of tensors that have the steps which they are described with."""

    def __init__(
        self, matrices: Matrices, panels: Panels, shape: Sequence[int], strides: Sequence[int]
    ) -> None:
        """The shape and strides are those of the result.  Raises UnsupportedError."""
        threads, result = torch.get_num_threads(), (shape, strides)
        super().__init__(*calls_of(matrices), threads, panels.data, result, panels.bias)


class Activated:
    """A product and, of its result, an activation that it does not do itself."""

    def __init__(self, product: Product, activation: Computation) -> None:
        self._product, self._activation = product, activation

    def __call__(self, x: Tensor, addend: Tensor | None = None) -> Tensor:
        """A new tensor with the result."""
        y = self._product(x, addend)
        self._activation.into(y, y)
        return y


def pointwise_product(
    library: OneDNN,
    shape: Sequence[int],
    weight: Tensor,
    bias: Tensor | None,
    window: tuple[Pair, Pair, Pair, int],
    activation: Activation | None,
    addend_shape: Sequence[int] | None = None,
    known: LaidOut | None = None,
) -> Product | Activated:
    """activation(conv2d(x, weight, bias) + addend) of x (N, C, H, W), channels last.

    `window`: stride, padding, dilation and groups.  Raises UnsupportedError unless the filters are
    of 1x1 and move by 1.
    """
    *pairs, groups = window
    stride, padding, _ = map(pair, pairs)
    if (*weight.shape[2:], *stride, *padding, groups) != (1, 1, 1, 1, 0, 0, 1):
        raise UnsupportedError("not pointwise")
    images, _, height, width = shape
    result = images, weight.shape[0], height, width
    after = adds_to(addend_shape, result), fused(activation)
    panels = _panels(weight.flatten(1), bias, images * height * width, known)
    product = _pixels(panels, after, result, channels_last(result))
    return _activated(library, product, activation, (result, channels_last(result)))


def linear_product(
    library: OneDNN,
    shape: Sequence[int],
    weight: Tensor,
    bias: Tensor | None,
    activation: Activation | None,
    addend_shape: Sequence[int] | None = None,
    known: LaidOut | None = None,
) -> Product | Activated:
    """activation(x @ weightᵀ + bias + addend) of x (…, K), contiguous.

    Raises UnsupportedError.
    """
    outputs, inputs = weight.shape
    rows, result = math.prod(shape[:-1]), (*shape[:-1], outputs)
    steps = (inputs, 0), (outputs, 0), ((outputs, 0) if adds_to(addend_shape, result) else None)
    matrices = Matrices(1, rows, inputs, outputs, *steps, fused(activation))
    product = Product(matrices, _panels(weight, bias, rows, known), result, dense(result))
    return _activated(library, product, activation, (result, dense(result)))


def _activated(
    library: OneDNN, product: Product, activation: Activation | None, place: Place
) -> Product | Activated:
    if activation is None or fused(activation):
        return product
    return Activated(product, activation_alone(library, place, activation))


def _panels(weight: Tensor, bias: Tensor | None, rows: int, known: LaidOut | None) -> Panels:
    """Those of a weight (outputs, inputs).  Raises UnsupportedError."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512":
        raise UnsupportedError("no AVX-512")
    if weight.dtype != torch.float32 or rows < FEWEST_ROWS:
        raise UnsupportedError("matrices of float32 with some rows")
    key = "panels", None if bias is None else bias.data_ptr()
    data = (known or LaidOut()).own(key, lambda: panels_of(weight.t().unsqueeze(0), bias))
    return Panels(data, bias, *weight.shape)


def _pixels(
    panels: Panels, after: tuple[bool, str | None], shape: Sequence[int], strides: Sequence[int]
) -> Product:
    """A product for the pixels of images; shape and strides are those of the result (N, C, H, W).

    `after`: whether it adds an addend, and what activates it.  Raises UnsupportedError.
    """
    images, outputs, height, width = shape
    adds, activation = after
    step = strides[3]
    if tuple(strides) != (height * width * step, 1, width * step, step):
        raise UnsupportedError("rows at different distances")
    steps = (panels.inputs, 0), (step, 0), ((outputs, 0) if adds else None)
    rows = images * height * width
    matrices = Matrices(1, rows, panels.inputs, outputs, *steps, activation)
    product = Product(matrices, panels, shape, strides)
    product.placed = functools.partial(_pixels, panels, after, shape)
    product.window = Window(1, 1, 0, functools.partial(_some_rows, panels, after, step))
    return product


def _some_rows(
    panels: Panels, after: tuple[bool, str | None], step: int, image: Sequence[int], *_padding: int
) -> Product:
    """The same for images of another height."""
    images, _, height, width = image
    strides = height * width * step, 1, width * step, step
    return _pixels(panels, after, (images, panels.outputs, height, width), strides)
