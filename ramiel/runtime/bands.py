"""Steps on a band of rows after the other, so that large images between them stay in the cache.

The first layers of a model give images larger than the cache of a core.  Where each step reads what
the one before wrote, all of them may run on some rows before any runs on the next ones; rows at the
edge of a band are computed for both.  The result is the same but for the order of some sums.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from .computation import Computation
from .onednn import UnsupportedError
from .recording import Buffer, Execution, Place, Recording, Step

BYTES_PER_THREAD = 1 << 21
"""Of an image that is large, and of a band of it: about what the cache of a core holds."""
ROWS = 2
"""The dimension of rows in (N, C, H, W)."""

Rows = tuple[int, int]


def banded(recording: Recording, threads: int) -> Recording:
    """The same computation, with large images in bands; the same recording if there are none."""
    limit = threads * BYTES_PER_THREAD
    uses, leaving = recording.uses(), recording.leaving()
    buffers, steps = list(recording.buffers), list[Step]()
    number = 0
    while number < len(recording.steps):
        steps_in_group = _group(recording, number, limit)
        end = number + len(steps_in_group)
        inside = {
            step.result
            for step in steps_in_group
            if recording.buffers[step.result.buffer].is_own
            and step.result.buffer not in leaving
            and uses[step.result.buffer][-1] < end
            and len(uses[step.result.buffer]) > 1
            and _is_row_by_row(step.result)
        }
        count = math.ceil(max((place.nbytes for place in inside), default=0) / limit)
        found = _Group(steps_in_group, inside).bands(count, buffers) if count > 1 else None
        if found is None:
            end = number + 1
            found = [recording.steps[number]]
        steps += found
        number = end
    if len(steps) == len(recording.steps):
        return recording
    return Recording(buffers, steps, recording.outputs)


def _group(recording: Recording, start: int, limit: int) -> list[Execution]:
    """The longest row of steps from there on of which each reads a large image of one before."""
    group: list[Execution] = []
    large: set[Place] = set()
    written: set[int] = set()
    read: set[int] = set()
    for step in recording.steps[start:]:
        if not isinstance(step, Execution) or not _has_rows(step):
            break
        operands = [place for place in step.operands if isinstance(place, Place)]
        known = {other.result for other in group}
        follows = not group or any(place in large for place in operands)
        is_plain = all(place.buffer not in written or place in known for place in operands)
        if not follows or not is_plain or step.result.buffer in written | read:
            break
        group.append(step)
        written.add(step.result.buffer)
        read |= {place.buffer for place in operands}
        if step.result.nbytes > limit:
            large.add(step.result)
    return group


def _has_rows(step: Execution) -> bool:
    """Whether some rows of it can be computed alone: of one image, from images."""
    places = [step.result, *step.operands]
    return step.primitive.window is not None and all(
        isinstance(place, Place) and len(place.shape) == 4 and place.shape[0] == 1
        for place in places
    )


def _is_row_by_row(place: Place) -> bool:
    """Whether a row ends before the next one begins, so that some are a part of the memory."""
    _, channels, _, width = place.shape
    _, channel, row, column = place.strides
    return (channels - 1) * channel + (width - 1) * column < row


@dataclass(frozen=True)
class _Group:
    """Steps that run on bands together; `inside`: the images that nothing else reads."""

    steps: Sequence[Execution]
    inside: Collection[Place]

    def bands(self, count: int, buffers: list[Buffer]) -> list[Step] | None:
        """The steps for one band after the other, with new buffers; None where one has no kernel.

        The other images of the group, and its end, are cut into so many bands of rows.
        """
        outside = [step.result for step in self.steps if step.result not in self.inside]
        if not outside or min(place.shape[ROWS] for place in outside) < count:
            return None
        before = len(buffers)
        made: dict[object, Computation] = {}
        try:
            return [
                step
                for band in range(count)
                for step in self._band(self._needed(band, count, outside), buffers, made)
            ]
        except UnsupportedError:
            del buffers[before:]
            return None

    def _needed(self, band: int, count: int, outside: Sequence[Place]) -> dict[Place, Rows]:
        """The rows of each image that the group makes for a band."""
        needed: dict[Place, Rows] = {}
        for place in outside:
            height = place.shape[ROWS]
            needed[place] = height * band // count, height * (band + 1) // count
        for step in reversed(self.steps):
            for place, (low, high) in _read(step, needed[step.result]):
                others = needed.get(place, (low, high))
                needed[place] = min(low, others[0]), max(high, others[1])
        return needed

    def _band(
        self, needed: dict[Place, Rows], buffers: list[Buffer], made: dict[object, Computation]
    ) -> Iterator[Step]:
        moved: dict[Place, Place] = {}
        for step in self.steps:
            low, high = needed[step.result]
            if step.result in self.inside:
                place = _some_rows(
                    replace(step.result, buffer=len(buffers), offset=0), 0, high - low
                )
                size = (high - low) * step.result.strides[ROWS] * place.dtype.itemsize
                buffers.append(Buffer(size, place.shape, place.strides, place.dtype, True))
                moved[step.result] = place
            else:
                place = _some_rows(step.result, low, high)
            operands: list[Place] = []
            for operand, (start, end) in _read(step, (low, high)):
                if operand in moved:
                    shift = needed[operand][0]
                    operands.append(_some_rows(moved[operand], start - shift, end - shift))
                else:
                    operands.append(_some_rows(operand, start, end))
            yield Execution(_cut(step, (low, high), made), place, tuple(operands))


def _read(step: Execution, rows: Rows) -> Iterator[tuple[Place, Rows]]:
    """The rows of each operand that these rows of the result are made of."""
    first, *others = (place for place in step.operands if isinstance(place, Place))
    start, end = _reach(step, rows)
    yield first, (max(start, 0), min(end, first.shape[ROWS]))
    for place in others:
        yield place, rows


def _reach(step: Execution, rows: Rows) -> Rows:
    """The rows under the windows of these rows, those of padding included."""
    window = step.primitive.window
    assert window is not None
    start = rows[0] * window.stride - window.padding
    return start, (rows[1] - 1) * window.stride - window.padding + window.reach


def _some_rows(place: Place, low: int, high: int) -> Place:
    shape = *place.shape[:ROWS], high - low, *place.shape[ROWS + 1 :]
    offset = place.offset + low * place.strides[ROWS] * place.dtype.itemsize
    return replace(place, shape=shape, offset=offset)


def _cut(step: Execution, rows: Rows, made: dict[object, Computation]) -> Computation:
    """The primitive for some rows of the result.  Raises UnsupportedError."""
    window = step.primitive.window
    assert window is not None
    start, end = _reach(step, rows)
    image, (low, high) = next(_read(step, rows))
    key = id(step.primitive), high - low, low - start, end - high
    if key not in made:
        made[key] = window.cut(_some_rows(image, low, high).shape, low - start, end - high)
    return made[key]
