"""A recording in which sums, activations and copies are computed by the step before them.

    relu(average(x) + y), written to a part of a Concat, is one step that reads x and y.

Each element then goes through memory once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from .onednn import UnsupportedError
from .primitive_window import images
from .primitives import channels_last
from .recording import Execution, Operand, Place, Receive, Recording, Step, places, places_of
from .windows import Windows


def fused(recording: Recording) -> Recording:
    """The same computation with fewer steps; averages may round in another way."""
    uses, leaving = recording.uses(), recording.leaving()
    steps: list[Step | None] = list(recording.steps)
    for number, step in enumerate(recording.steps):
        if not isinstance(step, Execution) or not _is_after(step.primitive.windows):
            continue
        found = _fusion(steps, number, step, uses, leaving)
        if found is not None:
            steps[found.first] = None
            steps[number] = found.execution
    kept = [step for step in steps if step is not None]
    return Recording(recording.buffers, kept, recording.outputs)


def _is_after(windows: Windows | None) -> bool:
    """Whether it is a sum, an activation or a copy."""
    return windows is not None and windows.is_pointwise


@dataclass(frozen=True)
class _Fusion:
    """The number of a step that goes, and what takes the place of a later one."""

    first: int
    execution: Execution


def _fusion(
    steps: Sequence[Step | None],
    number: int,
    step: Execution,
    uses: Mapping[int, Sequence[int]],
    leaving: Collection[int],
) -> _Fusion | None:
    """A step and the one that one of its operands comes from, if that is read by nothing else."""
    for operand in step.operands:
        if not isinstance(operand, Place) or operand.buffer in leaving:
            continue
        first, *others = uses[operand.buffer]
        producer = steps[first]
        if others != [number] or not isinstance(producer, Execution) or producer.result != operand:
            continue
        if not _can_wait(steps[first + 1 : number], producer):
            continue
        beside = [other for other in step.operands if other != operand]
        windows = _together(producer.primitive.windows, step.primitive.windows, len(beside))
        operands = *producer.operands, *beside
        if windows is None or not _are_dense(windows, operands):
            continue
        try:
            made = images(windows, None, step.result.strides)
        except UnsupportedError:
            continue
        return _Fusion(first, Execution(made, step.result, operands))
    return None


def _can_wait(between: Sequence[Step | None], producer: Execution) -> bool:
    """Whether it may be computed after these: none is a wait, or writes what it reads."""
    read = {place.buffer for place in places(producer.operands)}
    for step in between:
        if isinstance(step, Receive):
            return False
        if step is not None and any(place.buffer in read for place in _written(step)):
            return False
    return True


def _written(step: Step) -> Sequence[Place]:
    """What a step may write; operators may do that in place."""
    return [step.result] if isinstance(step, Execution) else places_of(step)


def _together(first: Windows | None, then: Windows | None, others: int) -> Windows | None:
    """What both compute one after the other, the second one with so many other operands."""
    if first is None or then is None:
        return None
    if not then.adds and then.activation is None:
        return first  # copied to another place
    if first.activation is not None:
        return None
    if not then.adds:
        return replace(first, activation=then.activation)
    if first.adds:
        return None
    if others == 0:  # a value and itself
        return replace(first, factor=2 * first.factor, activation=then.activation)
    return replace(first, adds=True, activation=then.activation)


def _are_dense(windows: Windows, operands: Sequence[Operand]) -> bool:
    """Whether machine code finds the image and the addend as it expects them."""
    shapes = [windows.image, windows.result]
    return all(
        isinstance(place, Place)
        and place.shape == tuple(shape)
        and _strides(place.shape, place.strides) == _strides(shape, channels_last(shape))
        for place, shape in zip(operands, shapes, strict=False)
    )


def _strides(shape: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Those that matter."""
    return [stride for size, stride in zip(shape, strides, strict=True) if size > 1]
