"""Machine code that brings one tile of an image to the products of a minimal filtering, or back.

    reading: products[i, k] = Σ rows.input[i, r] · columns.input[k, c] · image[r, c]
    writing: result[a, b] = activation(Σ rows.output[a, i] · columns.output[b, k] · products[i, k]
                                       + bias + addend[a, b])

for all channels, 16 at a time.  A tile at the edge of the image reads, or writes, less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .activation_code import ACTIVATIONS
from .assembler import BYTES, RCX, RDI, RDX, REGISTERS, RSI, RSP, VECTOR, Address, Assembler
from .minimal_filtering import Filtering

RESULTS, SPARE, BIAS, ZERO, FACTORS = 8, 11, 14, 15, 16
"""The first register for sums, the first spare one, bias and zero, the first one for factors."""
SUMS = 3
"""How many sums are made in turn, so that one need not wait for the other."""


@dataclass(frozen=True)
class Strides:
    """Bytes between rows and columns of an image, and between a product and the next."""

    row: int
    column: int
    product: int


def reading_code(
    filterings: tuple[Filtering, Filtering],
    inputs: tuple[tuple[int, int], tuple[int, int]],
    strides: Strides,
    channels: int,
) -> bytes:
    """A function of a tile's first pixel that is no padding, and of where its products go.

    `inputs`: the rows and the columns of the tile that are no padding, first and behind the last.
    """
    (first_row, row_end), (first_column, column_end) = inputs
    rows, columns = filterings
    by_rows = [row[first_row:row_end] for row in rows.input]
    by_columns = [row[first_column:column_end] for row in columns.input]
    height, width = row_end - first_row, column_end - first_column

    def pixel(row: int, column: int) -> Address:
        return Address(RDI, row * strides.row + column * strides.column)

    def product(row: int, column: int) -> Address:
        return Address(RSI, (row * columns.products + column) * strides.product)

    def body(code: _Code) -> None:
        between = pixel
        if rows.products > 1:
            between = product if columns.products == 1 else _scratch(width)
            for column in range(width):
                code.load([pixel(row, column) for row in range(height)])
                code.sums(by_rows, lambda row, column=column: between(row, column))
        if columns.products > 1:
            for row in range(rows.products):
                code.load([between(row, column) for column in range(width)])
                code.sums(by_columns, lambda column, row=row: product(row, column))

    return _Code([*by_rows, *by_columns]).function(body, channels, rows.products * width)


def writing_code(
    filterings: tuple[Filtering, Filtering],
    results: tuple[int, int],
    strides: Strides,
    channels: int,
    has_bias: bool,
    adds: bool,
    activation: str | None,
) -> bytes:
    """A function of a tile's products, of where its result goes, of bias and addend.

    `results`: the rows and columns that there are of the result; `activation`: of ACTIVATIONS.
    """
    rows, columns = filterings
    height, width = results
    by_rows, by_columns = rows.output[:height], columns.output[:width]
    after = None if activation is None else ACTIVATIONS[activation]

    def product(row: int, column: int) -> Address:
        return Address(RDI, (row * columns.products + column) * strides.product)

    def pixel(row: int, column: int) -> Address:
        return Address(RSI, row * strides.row + column * strides.column)

    def body(code: _Code) -> None:
        if has_bias:
            code.assembler.load(BIAS, Address(RDX))

        def end(register: int, target: Address) -> None:
            if has_bias:
                code.assembler.add(register, register, BIAS)
            if adds:
                code.assembler.load(SPARE, Address(RCX, target.offset))
                code.assembler.add(register, register, SPARE)
            if after is not None:
                after.emit(code.assembler, code.register, register, SPARE)

        between = product
        if rows.products > 1:
            is_last = columns.products == 1
            between = pixel if is_last else _scratch(columns.products)
            for column in range(columns.products):
                code.load([product(row, column) for row in range(rows.products)])
                code.sums(
                    by_rows,
                    lambda row, column=column: between(row, column),
                    end if is_last else None,
                )
        if columns.products > 1:
            for row in range(height):
                code.load([between(row, column) for column in range(columns.products)])
                code.sums(by_columns, lambda column, row=row: pixel(row, column), end)

    code = _Code([*by_rows, *by_columns], () if after is None else after.numbers)
    return code.function(body, channels, height * columns.products)


def _scratch(width: int) -> Callable[[int, int], Address]:
    """Where vectors are between the rows and the columns."""
    return lambda row, column: Address(RSP, (row * width + column) * BYTES)


class _Code:
    """Code with the factors of some sums in registers."""

    def __init__(self, sums: Sequence[Sequence[float]], more: Sequence[float] = ()) -> None:
        self.assembler = Assembler()
        found = {abs(factor) for factors in sums for factor in factors} - {0.0, 1.0}
        numbers = sorted((found | set(more)) - {0.0})
        assert FACTORS + len(numbers) <= REGISTERS
        self._registers = {number: FACTORS + n for n, number in enumerate(numbers)}

    def register(self, number: float) -> int:
        """The one that has this number in all elements."""
        return ZERO if number == 0 else self._registers[number]

    def function(self, body: Callable[[_Code], None], channels: int, scratch: int) -> bytes:
        """The body for each vector of channels, and for what is left with a mask."""
        assembler = self.assembler
        assembler.enter(scratch * BYTES)
        for factor, register in self._registers.items():
            assembler.broadcast(register, factor)
        assembler.broadcast(ZERO, 0.0)
        whole, rest = divmod(channels, VECTOR)
        if whole:
            assembler.set_rax(whole)
            start = len(assembler.code)
            body(self)
            for register in (RDI, RSI, RDX, RCX):
                assembler.advance(register, BYTES)
            assembler.loop(start)
        if rest:
            assembler.set_mask(rest)
            assembler.mask = True
            body(self)
        assembler.leave()
        return bytes(assembler.code)

    def load(self, sources: Sequence[Address]) -> None:
        """Into the first registers."""
        for register, source in enumerate(sources):
            self.assembler.load(register, source)

    def sums(
        self,
        factors: Sequence[Sequence[float]],
        target: Callable[[int], Address],
        end: Callable[[int, Address], None] | None = None,
    ) -> None:
        """target(n) = Σ factors[n][k] · register k, after which `end` changes a sum."""
        for number, row in enumerate(factors):
            register = RESULTS + number % SUMS
            self._sum(register, row)
            if end is not None:
                end(register, target(number))
            self.assembler.store(target(number), register)

    def _sum(self, target: int, factors: Sequence[float]) -> None:
        """Terms without a multiplication first."""
        assembler = self.assembler
        terms = [(register, factor) for register, factor in enumerate(factors) if factor]
        terms.sort(key=lambda term: (abs(term[1]) != 1, term[1] < 0))
        first = [register for register, factor in terms[:1] if factor == 1]
        assembler.move(target, *(first or [ZERO]))
        for register, factor in terms[len(first) :]:
            if factor == 1:
                assembler.add(target, target, register)
            elif factor == -1:
                assembler.subtract(target, target, register)
            elif factor > 0:
                assembler.add_product(target, register, self.register(factor))
            else:
                assembler.subtract_product(target, register, self.register(-factor))
