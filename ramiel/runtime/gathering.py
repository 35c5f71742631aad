"""Puts the weights of a recording's primitives into one block, in the order that they are read."""

from __future__ import annotations

from torch import Tensor

from .arena import aligned
from .huge_pages import block
from .memory import give_back_memory
from .recording import Execution, Recording

MOVED = 1 << 22
"""Bytes after which what they have left is given back."""


def gather_weights(recording: Recording) -> None:
    """Move them.  Replays that were made before go on to read, and keep, where they were."""
    executions = [step for step in recording.steps if isinstance(step, Execution)]
    primitives = [*{id(step.primitive): step.primitive for step in executions}.values()]
    gathered = _Gathered([data for p in primitives for _, _, data in p.constants])
    for primitive in primitives:
        primitive.move_constants(gathered.moved)


class _Gathered:
    """A block with a place for each of some tensors."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self._places: dict[tuple[int, int], int] = {}
        size = 0
        for tensor in tensors:
            key = tensor.data_ptr(), tensor.nbytes
            if key not in self._places:
                self._places[key] = size
                size += aligned(tensor.nbytes)
        self._block = block(size)
        self._given_back = 0

    def moved(self, tensor: Tensor) -> Tensor:
        """The tensor in its place."""
        if not tensor.is_contiguous() or tensor.nbytes == 0:
            return tensor
        start = self._places[tensor.data_ptr(), tensor.nbytes]
        end = start + tensor.nbytes
        place = self._block[start:end].view(tensor.dtype).view(tensor.shape)
        place.copy_(tensor)
        if end - self._given_back > MOVED:
            self._given_back = end
            give_back_memory()
        return place
