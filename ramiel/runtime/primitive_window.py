"""Depthwise convolutions and averages of windows in machine code of our own."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .assembler import FLOAT, LARGEST_OFFSET, VECTOR
from .computation import Window
from .laid_out import LaidOut
from .machine_code import MachineCode
from .onednn import OneDNN, UnsupportedError
from .parts import even_parts
from .primitives import Activation, Pair, adds_to, channels_last, fused, pair, windows_along
from .team_calls import Call, functions_of
from .team_computation import TeamComputation
from .window_code import PIXELS, Group, group_code
from .windows import Windows

KEPT = 256
"""Functions for rows of different shapes."""


@dataclass(frozen=True)
class Filters:
    """(1 + taps, C): what is added to each sum, and the filters; `bias` is kept: it tells this."""

    data: Tensor
    bias: Tensor | None


def depthwise(
    library: OneDNN,
    shape: Sequence[int],
    weight: Tensor,
    bias: Tensor | None,
    window: tuple[Pair, Pair, Pair, int],
    activation: Activation | None,
    addend_shape: Sequence[int] | None = None,
    known: LaidOut | None = None,
) -> TeamComputation:
    """activation(conv2d(x, weight, bias) + addend) of x (N, C, H, W), channels last.

    `window`: stride, padding, dilation and groups, which are as many as channels.  Raises
    UnsupportedError.
    """
    *pairs, groups = window
    stride, padding, dilation = map(pair, pairs)
    channels = shape[1]
    if (groups, weight.shape[0], *dilation) != (channels, channels, 1, 1):
        raise UnsupportedError("not a filter for each channel")
    if activation is not None and fused(activation) is None:
        raise UnsupportedError("another activation")
    if weight.dtype != torch.float32:
        raise UnsupportedError("filters of float32")
    kernel = weight.shape[2], weight.shape[3]
    height, width = [
        windows_along(n + 2 * p, k, s)
        for n, p, k, s in zip(shape[2:], padding, kernel, stride, strict=True)
    ]
    size = height, width
    adds = adds_to(addend_shape, (*shape[:2], *size))
    windows = Windows(tuple(shape), size, kernel, stride, padding, adds, fused(activation))
    key = "filters", None if bias is None else bias.data_ptr()
    data = (known or LaidOut()).own(key, lambda: _filters(weight, bias))
    return images(windows, Filters(data, bias), channels_last(windows.result))


def _filters(weight: Tensor, bias: Tensor | None) -> Tensor:
    channels = weight.shape[0]
    added = torch.zeros(1, channels) if bias is None else bias.view(1, channels)
    return torch.cat([added, weight.reshape(channels, -1).t()]).contiguous()


def images(windows: Windows, filters: Filters | None, strides: Sequence[int]) -> TeamComputation:
    """The computation with a result of these strides; without filters of averages.

    Raises UnsupportedError.
    """
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or windows.image[1] < VECTOR:
        raise UnsupportedError("16 channels, and AVX-512")
    if strides[1] != 1:
        raise UnsupportedError("channels are innermost")
    code, calls = _calls(windows, filters is None, tuple(strides))
    data, bias = (None, None) if filters is None else (filters.data, filters.bias)
    result = windows.result, strides
    made = TeamComputation(code, calls, torch.get_num_threads(), data, result, bias)
    made.placed = functools.partial(images, windows, filters)
    made.windows = windows if filters is None else None
    cut = functools.partial(_some_rows, windows, filters, strides)
    made.window = Window(windows.kernel[0], windows.stride[0], windows.padding[0], cut)
    return made


def _some_rows(
    windows: Windows,
    filters: Filters | None,
    strides: Sequence[int],
    image: Sequence[int],
    top: int,
    bottom: int,
) -> TeamComputation:
    """The same for an image of another height, with so many rows of padding."""
    height = windows_along(image[2] + top + bottom, windows.kernel[0], windows.stride[0])
    size, padding = (height, windows.size[1]), (top, windows.padding[1])
    cut = replace(windows, image=tuple(image), size=size, padding=padding)
    return images(cut, filters, strides)


def _calls(
    windows: Windows, is_average: bool, strides: tuple[int, ...]
) -> tuple[MachineCode, list[Call]]:
    """The code for all groups, and the calls, row after row.  Raises UnsupportedError."""
    per_image, _, per_row, per_column = channels_last(windows.image)
    addend = channels_last(windows.result)
    rows = [windows.taps(0, row) for row in range(windows.size[0])]
    columns = [windows.taps(1, column) for column in range(windows.size[1])]
    if min(end - start for start, end in (*rows, *columns)) < 1:
        raise UnsupportedError("a window without taps")
    if FLOAT * max(PIXELS * windows.stride[1], windows.kernel[0]) * per_row > LARGEST_OFFSET:
        raise UnsupportedError("too large for machine code")
    count = -(-len(columns) // PIXELS)
    groups = [(start, tuple(columns[start:end])) for start, end in even_parts(len(columns), count)]
    shapes = {
        (taps, group): Group(
            *(taps, group, windows.kernel[1], windows.stride[1]),
            (FLOAT * per_row, FLOAT * per_column),
            FLOAT * strides[3],
            FLOAT * addend[3] if windows.adds else None,
            None if is_average else FLOAT * windows.image[1],
            windows.divisor,
            windows.factor,
            windows.activation,
        )
        for taps, (_, group) in itertools.product(rows, groups)
    }
    whole, rest = divmod(windows.image[1], VECTOR)
    code, starts = _compiled(tuple(shapes.values()), whole)
    start_of = dict(zip(shapes, starts, strict=True))
    calls: list[Call] = []
    images = range(windows.image[0])
    for image, row, (column, group) in itertools.product(images, range(len(rows)), groups):
        down = row * windows.stride[0] - windows.padding[0]
        along = column * windows.stride[1] - windows.padding[1]
        source = image * per_image + down * per_row + along * per_column
        y = image * strides[0] + row * strides[2] + column * strides[3]
        other = image * addend[0] + row * addend[2] + column * addend[3]
        several, one = start_of[rows[row], group]
        calls.append(_call(several, 0, source, y, other))
        if rest:  # with some channels that are computed already
            calls.append(_call(one, windows.image[1] - VECTOR, source, y, other))
    return code, calls


def _call(start: int, channel: int, source: int, result: int, addend: int) -> Call:
    """For some channels; all in numbers."""
    places = [FLOAT * (place + channel) for place in (source, result, 0, addend)]
    return Call(start, *places)


@functools.lru_cache(maxsize=KEPT)
def _compiled(shapes: tuple[Group, ...], vectors: int) -> tuple[MachineCode, list[tuple[int, int]]]:
    """And where the two functions of each group begin."""
    found = [group_code(shape, vectors) for shape in shapes]
    code, starts = functions_of([both for both, _ in found])
    return code, [(start, start + one) for start, (_, one) in zip(starts, found, strict=True)]
