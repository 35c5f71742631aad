"""A recording in which what is joined is computed in its place, where a kernel can do that.

Concat of results with channels innermost copies each into a part of each row.  A convolution 1x1 is
a product of matrices, whose rows may have gaps between them, and minimal filtering may leave gaps
too: they write there themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .onednn import OneDNN, UnsupportedError
from .primitives import joining
from .recording import Execution, Place, Recording, Step, places

CHANNELS = 1


@dataclass(frozen=True)
class Joined:
    """A recording, and for each of its steps the number of the one that it comes from."""

    recording: Recording
    origins: Sequence[int]


def joined(recording: Recording, library: OneDNN, threads: int) -> Joined:
    """The same computation with fewer copies; products of matrices may round in another way."""
    steps: list[Step | None] = list(recording.steps)
    uses = recording.uses()
    leaving = recording.leaving()
    for number, step in enumerate(recording.steps):
        if not isinstance(step, Execution) or not step.primitive.is_copy:
            continue
        [source] = step.operands
        if not isinstance(source, Place) or source.buffer in leaving:
            continue
        *writers, last = uses[source.buffer]
        if last != number or not _only_parts_before(recording, uses, number):
            continue
        placed = [_placed(steps[writer], source, step.result) for writer in writers]
        if placed and all(placed):
            steps[number] = None
            for writer, execution in zip(writers, placed, strict=True):
                steps[writer] = execution
    if threads > 1:
        _join_copies(steps, library)
    kept = [(number, step) for number, step in enumerate(steps) if step is not None]
    changed = Recording(recording.buffers, [step for _, step in kept], recording.outputs)
    return Joined(changed, [number for number, _ in kept])


def _placed(producer: Step | None, source: Place, target: Place) -> Execution | None:
    """A step that writes a place, or parts of it, with another one; None if there is no kernel."""
    if not isinstance(producer, Execution) or producer.result != source:
        return None
    if producer.primitive.placed is None:
        return None
    try:
        primitive = producer.primitive.placed(target.strides)
    except UnsupportedError:
        return None
    return Execution(primitive, target, producer.operands)


def _only_parts_before(recording: Recording, uses: dict[int, list[int]], number: int) -> bool:
    """Whether what came before in a copy's target was written to other parts of it."""
    copy = recording.steps[number]
    assert isinstance(copy, Execution)
    for other in uses[copy.result.buffer]:
        step = recording.steps[other]
        if other < number and not (
            isinstance(step, Execution)
            and step.result.buffer == copy.result.buffer
            and step.result.offset != copy.result.offset
            and all(place.buffer != copy.result.buffer for place in places(step.operands))
        ):
            return False
    return True


def _join_copies(steps: list[Step | None], library: OneDNN) -> None:
    """Copies to neighbouring channels at once: those share the work among threads."""
    group: list[int] = []
    for number, step in enumerate([*steps, None]):
        if step is None and number < len(steps):
            continue
        last = steps[group[-1]] if group else None
        if isinstance(last, Execution) and not _continues(last, step):
            _join(steps, group, library)
            group = []
        if isinstance(step, Execution) and step.primitive.is_copy and _is_part(step):
            group.append(number)


def _is_part(copy: Execution) -> bool:
    """Whether it writes some channels of an image whose channels are innermost."""
    place, [source] = copy.result, copy.operands
    is_image = len(place.shape) == 4 and place.strides[CHANNELS] == 1
    return is_image and isinstance(source, Place) and source.strides[CHANNELS] == 1


def _continues(last: Execution, step: Step | None) -> bool:
    """Whether a copy writes the channels behind those of the last one."""
    if not isinstance(step, Execution) or not step.primitive.is_copy or not _is_part(step):
        return False
    one, other = last.result, step.result
    behind = one.offset + one.shape[CHANNELS] * one.dtype.itemsize
    return (one.buffer, one.strides, behind) == (other.buffer, other.strides, other.offset)


def _join(steps: list[Step | None], group: Sequence[int], library: OneDNN) -> None:
    copies = [step for number in group if isinstance(step := steps[number], Execution)]
    if len(copies) < 2:
        return
    first = copies[0].result
    operands = [place for copy in copies for place in places(copy.operands)]
    channels = sum(copy.result.shape[CHANNELS] for copy in copies)
    whole = replace(first, shape=(first.shape[0], channels, *first.shape[2:]))
    try:
        primitive = joining(
            library,
            CHANNELS,
            [(place.shape, place.strides) for place in operands],
            (whole.shape, whole.strides),
        )
    except UnsupportedError:
        return
    for number in group:
        steps[number] = None
    steps[group[-1]] = Execution(primitive, whole, tuple(operands))
