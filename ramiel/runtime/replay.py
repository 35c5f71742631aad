"""Does again what a recording says: primitives in machine code's loop, the rest one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from .native_calls import NativeCalls
from .onednn import OneDNN
from .primitive import Binding, allocate
from .recording import Execution, Operation, Place, Receive, Recording, Send, mapped
from .replay_plan import Action, Calls, Drop, New, actions_of, memory_of


class Mailbox(Protocol):
    """What a replay needs of a cluster's channels."""

    def send(self, value: str, tensor: Any, *, to: str) -> None:
        """Hand a value to another cluster."""
        ...

    async def recv(self, value: str, *, source: str) -> Tensor:
        """Wait for a value from another cluster."""
        ...


class Replay:
    """Memory and a table of calls, with which one call of a recording at a time is done again.

    Buffers that primitives write lie in one arena.  What comes from outside, or leaves, is
    elsewhere in each call: the memory objects that need its address get it then.
    """

    def __init__(self, recording: Recording, library: OneDNN) -> None:
        memory = memory_of(recording)
        self._buffers, self._set_data = recording.buffers, library.set_data
        self._arena = torch.empty(memory.size, dtype=torch.uint8)
        self._offsets = memory.buffers
        self._tensors: list[Tensor | None] = [None] * len(recording.buffers)
        self._variables: list[list[tuple[int, int]]] = [[] for _ in recording.buffers]
        """For each buffer, memory objects that need its address, and how far behind it."""
        self._bindings: list[Binding] = []
        calls = [
            self._native_call(step, memory.scratchpads.get(index))
            for index, step in enumerate(recording.steps)
            if isinstance(step, Execution)
        ]
        self._calls = NativeCalls(calls)
        self._actions = [self._ready(action) for action in actions_of(recording, memory)]
        self._outputs = mapped(recording.outputs, self._in_arena)

    async def __call__(self, arguments: Sequence[Tensor], channels: Mailbox) -> Any:
        """What the cluster returns for these arguments."""
        for buffer, argument in enumerate(arguments):
            self._bind(buffer, argument)
        for action in self._actions:
            match action:
                case Calls():
                    self._calls.run(action.start, action.count)
                case New():
                    made = self._buffers[action.buffer]
                    self._bind(action.buffer, allocate(made.shape, made.strides, made.dtype))
                case Drop():
                    for buffer in action.buffers:
                        self._tensors[buffer] = None
                case Operation():
                    self._operate(action)
                case Send():
                    channels.send(action.value, self._found(action.operand), to=action.to)
                case Receive():
                    tensor = await channels.recv(action.value, source=action.source)
                    self._bind(action.buffer, self._as_recorded(action.buffer, tensor))
        outputs = self._found(self._outputs)
        self._tensors = [None] * len(self._tensors)
        return outputs

    def _operate(self, operation: Operation) -> None:
        arguments, options = self._found(operation.arguments), self._found(operation.options)
        result = operation.function(*arguments, **options)
        items = cast("Sequence[Tensor]", result if isinstance(result, list | tuple) else [result])
        for index, buffer in operation.results:
            self._bind(buffer, items[index])

    def _bind(self, buffer: int, tensor: Tensor) -> None:
        self._tensors[buffer] = tensor
        variables = self._variables[buffer]
        if variables:
            set_data, address = self._set_data, tensor.data_ptr()
            for variable, offset in variables:
                set_data(variable, address + offset)

    def _as_recorded(self, buffer: int, tensor: Tensor) -> Tensor:
        """A value with the strides that it had in the recording."""
        made = self._buffers[buffer]
        if tensor.stride() == made.strides and tuple(tensor.shape) == made.shape:
            return tensor
        own = torch.empty_strided(made.shape, made.strides, dtype=made.dtype)
        return own.copy_(tensor)

    def _found(self, tree: Any) -> Any:
        """The tensors of this call in the place of places."""
        return mapped(tree, lambda leaf: self._view(leaf) if isinstance(leaf, Place) else leaf)

    def _view(self, place: Place) -> Tensor:
        base, made = self._tensors[place.buffer], self._buffers[place.buffer]
        assert base is not None, "a place is read after it was dropped"
        if (place.offset, place.shape, place.strides) == (0, made.shape, made.strides):
            return base
        start = base.storage_offset() + place.offset // made.dtype.itemsize
        return base.as_strided(place.shape, place.strides, start)

    def _ready(self, action: Action) -> Action:
        """An action with the tensors that lie in the arena."""
        if not isinstance(action, Operation):
            return action
        arguments, options = mapped((action.arguments, action.options), self._in_arena)
        return Operation(action.function, arguments, options, action.results)

    def _in_arena(self, leaf: Any) -> Any:
        if not isinstance(leaf, Place) or leaf.buffer not in self._offsets:
            return leaf
        start = (self._offsets[leaf.buffer] + leaf.offset) // leaf.dtype.itemsize
        storage = self._arena.untyped_storage()
        return torch.empty(0, dtype=leaf.dtype).set_(storage, start, leaf.shape, leaf.strides)

    def _native_call(self, step: Execution, scratchpad: int | None) -> tuple[int, Sequence[int]]:
        arena = self._arena.data_ptr()
        operands = (step.result, *step.operands)
        addresses: list[int] = []
        for operand in operands:
            if isinstance(operand, Tensor):
                addresses.append(operand.data_ptr())
            else:
                start = self._offsets.get(operand.buffer)
                addresses.append(0 if start is None else arena + start + operand.offset)
        if scratchpad is not None:
            addresses.append(arena + scratchpad)
        binding, call = step.primitive.native_call(*addresses)
        self._bindings.append(binding)
        for operand, variable in zip(operands, binding.variables, strict=False):
            if isinstance(operand, Place) and operand.buffer not in self._offsets:
                self._variables[operand.buffer].append((variable, operand.offset))
        return call
