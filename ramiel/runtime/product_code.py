"""Machine code that computes a block of a product of matrices.

    result[r, c] = activation(panel[0, c] + Σ source[r, k] · panel[1 + k, c] + addend[r, c])

All sums of a block are in registers at once; each number of a row is multiplied with one row of the
panel, in up to SUMS / rows vectors of 16 columns.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from .activation_code import ACTIVATIONS, ActivationCode
from .assembler import (
    BYTES,
    FLOAT,
    R8,
    RCX,
    RDI,
    RDX,
    REGISTERS,
    RSI,
    RSP,
    VECTOR,
    Address,
    Assembler,
)
from .parts import even_parts

SUMS = 27
"""Registers for sums; the others have numbers of the panel and of the source."""
UNROLLED = 2
"""How many numbers of a row are multiplied before the loop begins again."""
LINES_AHEAD = 2
"""Lines of the next panel that are fetched then: in a block as many as one of its vectors has."""
PART, MOST_PARTS = 128, 8
"""Numbers of a row whose products are summed by themselves, at least, and how many such parts there
are: sums of fewer terms lose fewer bits."""
SPARE = 6
"""Registers for a number and what activating it takes; two numbers are activated in turn."""
NUMBERS = 2 * SPARE
"""The first register for numbers that this takes."""


@dataclass(frozen=True)
class Block:
    """Rows, and vectors of columns, of which the last one has `columns` elements.

    `inputs`: numbers in a row of the source; the steps: bytes from one row to the next;
    `activation`: of ACTIVATIONS.
    """

    rows: int
    vectors: int
    columns: int
    inputs: int
    source_step: int
    result_step: int
    addend_step: int | None
    activation: str | None


def block_code(block: Block) -> bytes:
    """A function of a block's source, result, panel and addend, and of where the next panel is."""
    code = Assembler()
    sums = [list(_registers(block, row)) for row in range(block.rows)]
    rounds, rest = divmod(block.inputs, UNROLLED)
    parts = max(1, min(MOST_PARTS, block.inputs // PART))
    code.enter(BYTES * SUMS if parts > 1 else 0)
    for vector in range(block.vectors):
        code.load(sums[0][vector], Address(RDX, BYTES * vector))
        for others in sums[1:]:
            code.move(others[vector], sums[0][vector])
    code.advance(RDX, BYTES * block.vectors)
    for part, (start, end) in enumerate(even_parts(rounds, parts)):
        _add_products(code, block, sums, end - start, is_first=part == 0)
        is_last = part == parts - 1
        if is_last:
            _multiply(code, block, sums, rest)
        _add_parts(code, sums, is_first=part == 0, is_last=is_last)
    _store(code, block, sums)
    code.leave()
    return bytes(code.code)


def _add_products(
    code: Assembler, block: Block, sums: list[list[int]], rounds: int, is_first: bool
) -> None:
    """The sums of a part; all but the first one begin anew."""
    if not is_first:
        _round(code, block, sums, begins=True)
        rounds -= 1
    if rounds:
        code.set_rax(rounds)
        start = len(code.code)
        _round(code, block, sums)
        code.loop(start)


def _round(code: Assembler, block: Block, sums: list[list[int]], begins: bool = False) -> None:
    """The products of some numbers of each row, and on to the next ones."""
    for line in range(LINES_AHEAD):
        code.prefetch(Address(R8, BYTES * line))
    _multiply(code, block, sums, UNROLLED, begins)
    code.advance(R8, BYTES * LINES_AHEAD)
    code.advance(RDI, FLOAT * UNROLLED)
    code.advance(RDX, BYTES * block.vectors * UNROLLED)


def _add_parts(code: Assembler, sums: list[list[int]], is_first: bool, is_last: bool) -> None:
    """Add the parts before, and keep that for the next one."""
    for number, total in enumerate(itertools.chain.from_iterable(sums)):
        if not is_first:
            code.add(total, total, Address(RSP, BYTES * number))
        if not is_last:
            code.store(Address(RSP, BYTES * number), total)


def _registers(block: Block, row: int) -> range:
    """Of the sums of a row."""
    return range(row * block.vectors, (row + 1) * block.vectors)


def _multiply(
    code: Assembler, block: Block, sums: list[list[int]], inputs: int, begins: bool = False
) -> None:
    """Add the products of so many numbers of each row; `begins`: to nothing."""
    panel = block.rows * block.vectors
    free = range(panel + block.vectors, REGISTERS)
    used = 0
    for number in range(inputs):
        for vector in range(block.vectors):
            place = BYTES * (number * block.vectors + vector)
            code.load(panel + vector, Address(RDX, place))
        for row in range(block.rows):
            factor = free[used % len(free)]
            used += 1
            place = row * block.source_step + FLOAT * number
            code.broadcast_from(factor, Address(RDI, place))
            for vector, total in enumerate(sums[row]):
                if begins and number == 0:
                    code.multiply(total, factor, panel + vector)
                else:
                    code.add_product(total, factor, panel + vector)


def _store(code: Assembler, block: Block, sums: list[list[int]]) -> None:
    """Add the addend, and write."""
    if block.columns < VECTOR:
        code.set_mask(block.columns)
    other = REGISTERS - 1
    for row, totals in enumerate(sums):
        for vector, total in enumerate(totals):
            code.mask = block.columns < VECTOR and vector == block.vectors - 1
            if block.addend_step is not None:
                code.load(other, Address(RCX, row * block.addend_step + BYTES * vector))
                code.add(total, total, other)
            code.store(_result(block, row, vector), total)
    if block.activation is not None:
        _activate(code, block, ACTIVATIONS[block.activation])


def _activate(code: Assembler, block: Block, activation: ActivationCode) -> None:
    """Change what is written, now that the registers are free."""
    registers = {number: NUMBERS + n for n, number in enumerate(activation.numbers)}
    assert NUMBERS + len(registers) <= REGISTERS
    code.mask = False
    for number, register in registers.items():
        code.broadcast(register, number)
    if block.columns < VECTOR:
        code.set_mask(block.columns)
    for row in range(block.rows):
        for vector in range(block.vectors):
            code.mask = block.columns < VECTOR and vector == block.vectors - 1
            x = (row * block.vectors + vector) % 2 * SPARE
            code.load(x, _result(block, row, vector))
            activation.emit(code, registers.__getitem__, x, x + 1)
            code.store(_result(block, row, vector), x)


def _result(block: Block, row: int, vector: int) -> Address:
    return Address(RSI, row * block.result_step + BYTES * vector)
