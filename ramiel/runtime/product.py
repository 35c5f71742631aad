"""Products of matrices in machine code of our own, which threads share by blocks.

A matrix of weights is laid out in panels, one for each three vectors of columns: a row of numbers
that is added to each row of the result, and the panel's part of each row of the matrix.  Blocks go
down a panel, which so stays in the cache, while the next one is fetched.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .assembler import BYTES, FLOAT, LARGEST_OFFSET, VECTOR
from .machine_code import MachineCode
from .onednn import UnsupportedError
from .parts import even_parts
from .product_code import SUMS, Block, block_code
from .team_calls import Call, functions_of

VECTORS = 3
"""Of a panel."""
KEPT = 512
"""Functions for blocks of different shapes."""


@dataclass(frozen=True)
class Matrices:
    """`count` products of (rows, inputs) by (inputs, outputs).

    Each has two steps: numbers from one row to the next, and from one matrix to the next.
    """

    count: int
    rows: int
    inputs: int
    outputs: int
    source: tuple[int, int]
    result: tuple[int, int]
    addend: tuple[int, int] | None = None
    activation: str | None = None

    def panels(self) -> list[tuple[int, int]]:
        """The first column of each panel of a matrix, and its vectors."""
        vectors = -(-self.outputs // VECTOR)
        return [
            (VECTOR * first, min(VECTORS, vectors - first)) for first in range(0, vectors, VECTORS)
        ]


def panels_of(matrices: Tensor, added: Tensor | None = None) -> Tensor:
    """Matrices (count, inputs, outputs) of float32, laid out; `added`: (outputs), to each row."""
    count, inputs, outputs = matrices.shape
    width = -(-outputs // VECTOR) * VECTOR
    whole = torch.zeros(count, 1 + inputs, width)
    whole[:, 1:, :outputs] = matrices
    if added is not None:
        whole[:, 0, :outputs] = added
    step = VECTOR * VECTORS
    parts = [whole[:, :, first : first + step] for first in range(0, width, step)]
    return torch.cat([part.reshape(count, -1) for part in parts], dim=1).flatten()


def calls_of(matrices: Matrices) -> tuple[MachineCode, list[Call]]:
    """The code for all blocks, and the calls, panel after panel.  Raises UnsupportedError."""
    if matrices.rows * max(matrices.source[0], matrices.result[0]) * FLOAT > LARGEST_OFFSET:
        raise UnsupportedError("too large for machine code")
    blocks = [block for number in range(matrices.count) for block in _blocks(matrices, number)]
    shapes = tuple(dict.fromkeys(shape for shape, _ in blocks))
    code, starts = _compiled(shapes)
    return code, [call._replace(start=starts[shape]) for shape, call in blocks]


def _blocks(matrices: Matrices, number: int) -> list[tuple[Block, Call]]:
    """Those of one matrix; where their functions begin is not known yet."""
    sizes = [(1 + matrices.inputs) * BYTES * vectors for _, vectors in matrices.panels()]
    starts = [*itertools.accumulate(sizes, initial=number * sum(sizes))]
    blocks: list[tuple[Block, Call]] = []
    for panel, (column, vectors) in enumerate(matrices.panels()):
        columns = min(VECTOR, matrices.outputs - column - VECTOR * (vectors - 1))
        count = math.ceil(matrices.rows / (SUMS // vectors))
        for block, (row, end) in enumerate(even_parts(matrices.rows, count)):
            left = count - 1 - block  # both panels at once may be more than the cache holds
            ahead = starts[panel]
            if left < vectors:
                ahead = starts[panel + 1] + left * matrices.inputs * BYTES
            call = Call(
                start=0,
                source=_place(matrices.source, row, number),
                result=_place(matrices.result, row, number, column),
                constant=starts[panel],
                addend=_place(matrices.addend or (0, 0), row, number, column),
                next_constant=ahead,
            )
            blocks.append((_shape(matrices, end - row, vectors, columns), call))
    return blocks


def _place(steps: tuple[int, int], row: int, number: int, column: int = 0) -> int:
    """Bytes from the first matrix to a number in a row of one."""
    return FLOAT * (row * steps[0] + number * steps[1] + column)


def _shape(matrices: Matrices, rows: int, vectors: int, columns: int) -> Block:
    addend = None if matrices.addend is None else FLOAT * matrices.addend[0]
    steps = FLOAT * matrices.source[0], FLOAT * matrices.result[0], addend
    return Block(rows, vectors, columns, matrices.inputs, *steps, matrices.activation)


@functools.lru_cache(maxsize=KEPT)
def _compiled(shapes: tuple[Block, ...]) -> tuple[MachineCode, dict[Block, int]]:
    code, starts = functions_of([block_code(shape) for shape in shapes])
    return code, dict(zip(shapes, starts, strict=True))
