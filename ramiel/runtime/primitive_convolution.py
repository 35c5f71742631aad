"""Convolutions as primitives of oneDNN, on tensors whose channels are innermost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from .computation import Window
from .laid_out import LaidOut, laid_out_as
from .onednn import DIMENSIONS, Handle, OneDNN, UnsupportedError
from .primitive import (
    BIAS,
    SOURCE,
    WEIGHTS,
    WEIGHTS_LAYOUT,
    Primitive,
    second_source,
)
from .primitives import (
    FORWARD_INFERENCE,
    Activation,
    Pair,
    adds_to,
    attributes,
    bias_layout,
    channels_last,
    constants_of,
    pair,
    windows_along,
)

DIRECT = 1
BLOCKS_OF_OUTPUTS = 506, 505, 504, 503
"""oneDNN's layouts of a matrix (K, N) in blocks of 64, 48, 32 and 16 columns."""


def convolution(
    library: OneDNN,
    shape: Sequence[int],
    weight: Tensor,
    bias: Tensor | None,
    window: tuple[Pair, Pair, Pair, int],
    activation: Activation | None,
    addend_shape: Sequence[int] | None = None,
    known: LaidOut | None = None,
) -> Primitive:
    """activation(conv2d(x, weight, bias) + addend) of x (N, C, H, W), channels last.

    `window`: stride, padding, dilation and groups; `known`: layouts of the weight.  Raises
    UnsupportedError.
    """
    *pairs, groups = window
    stride, padding, dilation = map(pair, pairs)
    filters = _Filters(
        library, weight, bias, stride, dilation, groups, activation, known or LaidOut()
    )
    result = filters.result(shape, padding, padding)
    return filters.on(shape, padding, padding, adds_to(addend_shape, result))


@dataclass(frozen=True)
class _Filters:
    """What a convolution does, to images of any height."""

    library: OneDNN
    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    activation: Activation | None
    known: LaidOut

    def result(
        self, shape: Sequence[int], before: tuple[int, int], after: tuple[int, int]
    ) -> tuple[int, ...]:
        """The shape of the result for that of x and its padding."""
        sides = zip(shape[2:], self._reach(), self.stride, before, after, strict=True)
        size = [windows_along(n + b + a, reach, s) for n, reach, s, b, a in sides]
        return shape[0], self.weight.shape[0], *size

    def on(
        self,
        shape: Sequence[int],
        before: tuple[int, int],
        after: tuple[int, int],
        adds: bool,
    ) -> Primitive:
        """The primitive for x of this shape, with rows and columns of padding before and after."""
        library, weight, bias = self.library, self.weight, self.bias
        dtype, result = weight.dtype, self.result(shape, before, after)
        source = library.layout(shape, channels_last(shape), dtype)
        target = library.layout(result, channels_last(result), dtype)
        grouped = (self.groups, weight.shape[0] // self.groups, *weight.shape[1:])
        weights = weight.contiguous().view(grouped if self.groups > 1 else weight.shape)
        description = library.describe(
            "convolution_forward_primitive_desc_create",
            *(FORWARD_INFERENCE, DIRECT, source, library.any_layout(weights.shape, dtype)),
            *(bias_layout(library, bias), target),
            *(DIMENSIONS(*numbers) for numbers in (self.stride, [d - 1 for d in self.dilation])),
            *(DIMENSIONS(*before), DIMENSIONS(*after)),
            attributes(library, self.activation, target if adds else None),
        )
        constants = constants_of(library, description, weights, bias, self.known)
        primitive = Primitive(
            library,
            description,
            [(SOURCE, source), *([(second_source(0), target)] if adds else [])],
            constants,
            (target, result, channels_last(result), dtype),
        )
        if (*weight.shape[2:], *self.stride, *before, *after, self.groups, adds) == POINTWISE:
            primitive.placed = partial(self._product, shape, result, constants[0][2])
        primitive.window = Window(
            *(self._reach()[0], self.stride[0], before[0]),
            lambda rows, top, bottom: self.on(rows, (top, before[1]), (bottom, after[1]), adds),
        )
        return primitive

    def _product(
        self,
        shape: Sequence[int],
        result: Sequence[int],
        laid_out: Tensor,
        strides: Sequence[int],
    ) -> Primitive:
        """A convolution 1x1 as a product of matrices, which may leave gaps between its rows.

        `laid_out`: the weight as the convolution has it, which is shared if the product can read
        that.  `strides`: of the result (N, C, H, W), C innermost.  Raises UnsupportedError.
        """
        library, bias, dtype = self.library, self.bias, self.weight.dtype
        images, outputs, height, width = result
        rows, inputs, step = images * height * width, shape[1], strides[3]
        if tuple(strides) != (height * width * step, 1, width * step, step):
            raise UnsupportedError("rows at different distances")
        source = library.layout((rows, inputs), (inputs, 1), dtype)
        target = library.layout((rows, outputs), (step, 1), dtype)
        row = None if bias is None else library.layout((1, outputs), (outputs, 1), dtype)

        def described(layout: Handle) -> Handle:
            after = attributes(library, self.activation)
            return library.describe(
                "matmul_primitive_desc_create", source, layout, row, target, after
            )

        matrix = self.weight.reshape(outputs, inputs).t()
        shared = _shared(library, described, matrix, laid_out)
        description = shared or described(library.any_layout(matrix.shape, dtype))
        if shared is None:
            constants = constants_of(library, description, matrix, None, self.known)
        else:
            constants = [(WEIGHTS, library.layout_in(description, WEIGHTS_LAYOUT), laid_out)]
        if bias is not None and row is not None:
            constants = [*constants, (BIAS, row, bias.contiguous())]
        layouts = (target, result, strides, dtype)
        return Primitive(library, description, [(SOURCE, source)], constants, layouts)

    def _reach(self) -> list[int]:
        """Rows and columns from a window's first to behind its last."""
        kernel = self.weight.shape[2:]
        return [d * (k - 1) + 1 for k, d in zip(kernel, self.dilation, strict=True)]


POINTWISE = (1, 1, 1, 1, 0, 0, 0, 0, 1, False)
"""Kernel, stride, padding, groups and whether there is an addend, for a product of matrices."""


def _shared(
    library: OneDNN, described: Callable[[Handle], Handle], matrix: Tensor, laid_out: Tensor
) -> Handle | None:
    """A product with a matrix that is laid out, byte for byte, as a convolution's weight is."""
    for tag in BLOCKS_OF_OUTPUTS:
        layout = library.tagged_layout(matrix.shape, matrix.dtype, tag)
        if library.size_of(layout) != laid_out.numel():
            continue
        with contextlib.suppress(UnsupportedError):
            description = described(layout)
            if torch.equal(laid_out_as(library, layout, matrix), laid_out):
                return description
    return None
