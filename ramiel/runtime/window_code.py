"""Machine code for some windows in a row of an image, 16 channels at a time.

    result[x] = activation(Σ f[tap] · image[stride · x + tap] + addend[x])

where f is a filter's number for the tap and the channel, or the same for each tap of an average.
Taps that are padding are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .activation_code import ACTIVATIONS
from .assembler import BYTES, RCX, RDI, RDX, RSI, Address, Assembler
from .onednn import UnsupportedError

PIXELS, FACTOR, NUMBERS, SPARE = 14, 14, 15, 27
"""How many results are computed at once at most, and the registers for a number of a filter, for
numbers that stay, and for activations."""
Taps: TypeAlias = tuple[int, int]
"""The first one that is no padding, and the one behind the last."""


@dataclass(frozen=True)
class Group:
    """Results in a row, at most PIXELS, and the taps of their windows that are no padding.

    `rows`: those of the taps; `columns`: so for each result.
    The steps are bytes: `source` from one row, and one column, of the image to the next; `result`
    and `addend` from one column to the next; `filter` from one tap's numbers to the next, if it is
    no average.
    """

    rows: Taps
    columns: tuple[Taps, ...]
    width: int
    stride: int
    source: tuple[int, int]
    result: int
    addend: int | None
    filter: int | None
    divisor: int | None
    """Of an average; None: the number of taps."""
    factor: float
    """Of an average."""
    activation: str | None


def group_code(group: Group, vectors: int) -> tuple[bytes, int]:
    """Two functions, for so many times 16 channels and, from that byte on, for 16.

    Of the first window's first pixel, of the result, the filter and the addend.  The filter begins
    with what is added to each sum.
    """
    registers = _registers(group)
    one = _begin(registers, 1)
    several = _begin(registers, vectors)
    several.skip(len(one.code))
    body = Assembler()
    _compute(body, group, registers)
    for register in (RDI, RSI, RDX, RCX):
        body.advance(register, BYTES)
    body.loop(0)
    body.end()
    return bytes(several.code + one.code + body.code), len(several.code)


def _begin(registers: Mapping[float, int], vectors: int) -> Assembler:
    """Numbers that stay, and how often what follows is done."""
    code = Assembler()
    for number, register in registers.items():
        code.broadcast(register, number)
    code.set_rax(vectors)
    return code


def _registers(group: Group) -> Mapping[float, int]:
    """For numbers that stay.  Raises UnsupportedError if there are too many."""
    activation = None if group.activation is None else ACTIVATIONS[group.activation]
    numbers = set[float]() if activation is None else {*activation.numbers}
    if group.filter is None:
        numbers |= {_share(group, taps) for taps in group.columns}
    if NUMBERS + len(numbers) > SPARE:
        raise UnsupportedError("too many numbers for the registers")
    return {number: NUMBERS + n for n, number in enumerate(sorted(numbers))}


def _share(group: Group, columns: Taps) -> float:
    """Of a tap in an average."""
    (top, bottom), (left, right) = group.rows, columns
    return group.factor / (group.divisor or (bottom - top) * (right - left))


def _compute(code: Assembler, group: Group, registers: Mapping[float, int]) -> None:
    """The results for 16 channels."""
    sums: set[int] = set()
    columns = range(max(right for _, right in group.columns))
    for y, x in itertools.product(range(*group.rows), columns):
        pixels = [p for p, (left, right) in enumerate(group.columns) if left <= x < right]
        _tap(code, group, (y, x), pixels, sums)
    for pixel, taps in enumerate(group.columns):
        if group.filter is None and (share := _share(group, taps)) != 1:
            code.multiply(pixel, pixel, registers[share])
        if group.addend is not None:
            code.add(pixel, pixel, Address(RCX, pixel * group.addend))
        if group.activation is not None:
            ACTIVATIONS[group.activation].emit(code, registers.__getitem__, pixel, SPARE)
        code.store(Address(RSI, pixel * group.result), pixel)


def _tap(
    code: Assembler, group: Group, tap: tuple[int, int], pixels: Sequence[int], sums: set[int]
) -> None:
    """A tap's part of some sums; `sums`: those that have begun."""
    y, x = tap
    if group.filter is not None and pixels:
        code.load(FACTOR, Address(RDX, (1 + y * group.width + x) * group.filter))
    for pixel in pixels:
        place = y * group.source[0] + (pixel * group.stride + x) * group.source[1]
        source = Address(RDI, place)
        if group.filter is not None:
            if pixel not in sums:
                code.load(pixel, Address(RDX))
            code.add_product(pixel, FACTOR, source)
        elif pixel in sums:
            code.add(pixel, pixel, source)
        else:
            code.load(pixel, source)
        sums.add(pixel)
