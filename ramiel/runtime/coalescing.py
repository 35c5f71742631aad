"""Buffers that are copied whole to where they are read lie there from the beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .recording import Execution, Operation, Place, Recording, Step, mapped, places_of


def coalesced(recording: Recording) -> Recording:
    """The same computation without copies that only move: Concat along the outermost dimension."""
    while True:
        uses, leaving = recording.uses(), recording.leaving()
        for number, step in enumerate(recording.steps):
            if isinstance(step, Execution) and _only_moves(recording, number, step, uses):
                [source] = step.operands
                if isinstance(source, Place) and source.buffer not in leaving:
                    recording = _without(recording, number, source, step.result)
                    break
        else:
            return recording


def _only_moves(
    recording: Recording, number: int, copy: Execution, uses: Mapping[int, Sequence[int]]
) -> bool:
    """Whether a copy is the last use of a buffer, all of which it brings to a free place."""
    if not copy.primitive.is_copy or not isinstance(source := copy.operands[0], Place):
        return False
    target, made = copy.result, recording.buffers[source.buffer]
    is_whole = (source.offset, source.nbytes) == (0, made.size) and source.strides == target.strides
    is_last = uses[source.buffer][-1] == number and source.buffer != target.buffer
    if not is_whole or not is_last or source.dtype != target.dtype:
        return False
    if not made.is_own or not recording.buffers[target.buffer].is_own:
        return False
    others = [n for n in uses[target.buffer] if n < number]
    return not any(
        place.buffer == target.buffer and _overlap(place, target)
        for other in others
        for place in places_of(recording.steps[other])
    )


def _overlap(one: Place, other: Place) -> bool:
    """Whether they may share bytes."""
    return one.offset < _end(other) and other.offset < _end(one)


def _end(place: Place) -> int:
    steps = zip(place.shape, place.strides, strict=True)
    return place.offset + (sum((n - 1) * step for n, step in steps) + 1) * place.dtype.itemsize


def _without(recording: Recording, number: int, source: Place, target: Place) -> Recording:
    """The recording with a buffer inside another one, in the place of a copy."""

    def moved(leaf: Any) -> Any:
        if not isinstance(leaf, Place) or leaf.buffer != source.buffer:
            return leaf
        return replace(leaf, buffer=target.buffer, offset=leaf.offset + target.offset)

    def changed(step: Step) -> Step:
        if isinstance(step, Execution):
            places = step.result, *step.operands
            if all(moved(place) is place for place in places):
                return step
            result, *operands = map(moved, places)
            return Execution(step.primitive, result, tuple(operands))
        if isinstance(step, Operation):
            arguments, options = mapped((step.arguments, step.options), moved)
            return replace(step, arguments=arguments, options=options)
        return step

    steps = [changed(step) for index, step in enumerate(recording.steps) if index != number]
    return Recording(recording.buffers, steps, recording.outputs)
