"""Does again what a recording says: primitives in machine code's loop, the rest one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any, cast

import torch
from torch import Tensor

from .channels import Channels
from .computation import Bound, Computation
from .native_calls import NativeCall, NativeCalls
from .primitive import allocate
from .recording import (
    Execution,
    Operand,
    Operation,
    Place,
    Receive,
    Recording,
    Send,
    Step,
    mapped,
)
from .replay_plan import Action, Block, Calls, Drop, Key, New, actions_of


@dataclass(frozen=True)
class Links:
    """Messages between replays that are places in memory: how each is posted, or waited for.

    `inside`: the neighbour's memory that a received buffer is in, and where in it.
    """

    sends: Mapping[Key, NativeCall] = field(default_factory=dict[Key, NativeCall])
    receives: Mapping[Key, NativeCall] = field(default_factory=dict[Key, NativeCall])
    inside: Mapping[int, tuple[Block, int]] = field(default_factory=dict[int, tuple[Block, int]])


class Replay:
    """A table of calls, with which one call of a recording at a time is done again in a block.

    What comes from outside the block, or leaves, is elsewhere in each call: the memory objects that
    need its address get it then.
    """

    def __init__(
        self,
        recording: Recording,
        block: Block,
        links: Links | None = None,
        in_rows: bool = True,
    ) -> None:
        """`in_rows`: native calls that follow each other are made at once."""
        self._buffers = recording.buffers
        self._block, self._links = block, links or Links()
        self._inside = {buffer: (block, offset) for buffer, offset in block.offsets.items()}
        self._inside.update(self._links.inside)
        self._tensors: list[Tensor | None] = [None] * len(recording.buffers)
        self._variables: list[list[tuple[Bound, int, int]]] = [[] for _ in recording.buffers]
        """For each buffer, variables that need its address, and how far behind it."""
        self._bound: list[tuple[Computation, Bound]] = []
        """What the table's calls need to be there."""
        calls = [self._native_call(index, step) for index, step in enumerate(recording.steps)]
        self._calls = NativeCalls([call for call in calls if call is not None])
        native = {id(s) for s, call in zip(recording.steps, calls, strict=True) if call is not None}
        actions = actions_of(recording, self._inside, lambda step: id(step) in native, in_rows)
        self._actions = [self._ready(action) for action in actions]
        self._outputs = mapped(recording.outputs, self._in_block)

    async def __call__(self, arguments: Sequence[Tensor], channels: Channels) -> Any:
        """What the cluster returns for these arguments."""
        for buffer, argument in enumerate(arguments):
            self._bind(buffer, argument)
        for action in self._actions:
            match action:
                case Calls():
                    self._calls.run(action.start, action.count)
                case Send():
                    channels.send(action.value, self._found(action.operand), to=action.to)
                case Receive():
                    tensor = await channels.recv(action.value, source=action.source)
                    self._bind(action.buffer, self._as_recorded(action.buffer, tensor))
                case _:
                    self._act(action)
        outputs = self._found(self._outputs)
        self._tensors = [None] * len(self._tensors)
        return outputs

    def times(self, arguments: Sequence[Tensor]) -> list[int]:
        """The ns that each step takes, or row of steps, if there are no messages."""
        for buffer, argument in enumerate(arguments):
            self._bind(buffer, argument)
        times: list[int] = []
        for action in self._actions:
            started = perf_counter_ns()
            if isinstance(action, Calls):
                self._calls.run(action.start, action.count)
            else:
                self._act(action)
            if isinstance(action, Calls | Operation):
                times.append(perf_counter_ns() - started)
        self._tensors = [None] * len(self._tensors)
        return times

    def run_none(self) -> None:
        """Enter and leave machine code, to see what that takes."""
        self._calls.run(0, 0)

    def _act(self, action: Action) -> None:
        match action:
            case New():
                made = self._buffers[action.buffer]
                self._bind(action.buffer, allocate(made.shape, made.strides, made.dtype))
            case Drop():
                for buffer in action.buffers:
                    self._tensors[buffer] = None
            case Operation():
                self._operate(action)
            case _:
                raise TypeError(f"{action} is nothing that a replay does on its own")

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
            address = tensor.data_ptr()
            for bound, variable, offset in variables:
                bound.set(variable, address + offset)

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
        """An action with the tensors that lie in blocks."""
        if isinstance(action, Operation):
            arguments, options = mapped((action.arguments, action.options), self._in_block)
            return Operation(action.function, arguments, options, action.results)
        if isinstance(action, Send):
            return Send(action.value, mapped(action.operand, self._in_block), action.to)
        return action

    def _in_block(self, leaf: Any) -> Any:
        if not isinstance(leaf, Place) or leaf.buffer not in self._inside:
            return leaf
        block, offset = self._inside[leaf.buffer]
        start = (offset + leaf.offset) // leaf.dtype.itemsize
        storage = block.data.untyped_storage()
        return torch.empty(0, dtype=leaf.dtype).set_(storage, start, leaf.shape, leaf.strides)

    def _native_call(self, index: int, step: Step) -> NativeCall | None:
        """A step as an entry of the table, if it can be one."""
        match step:
            case Execution():
                return self._execution(step, self._block.scratchpads.get(index))
            case Send():
                return self._links.sends.get((step.value, step.to))
            case Receive():
                return self._links.receives.get((step.value, step.source))
            case Operation():
                return None

    def _execution(self, step: Execution, scratchpad: int | None) -> NativeCall:
        operands = (step.result, *step.operands)
        addresses = list(map(self._address, operands))
        if scratchpad is not None:
            addresses.append(self._block.data.data_ptr() + scratchpad)
        bound, call = step.primitive.native_call(*addresses)
        self._bound.append((step.primitive, bound))
        for operand, variable in zip(operands, bound.variables, strict=False):
            if isinstance(operand, Place) and operand.buffer not in self._inside:
                self._variables[operand.buffer].append((bound, variable, operand.offset))
        return call

    def _address(self, operand: Operand) -> int:
        """Where an operand is; 0 if each call says so."""
        if isinstance(operand, Tensor):
            return operand.data_ptr()
        if operand.buffer not in self._inside:
            return 0
        block, offset = self._inside[operand.buffer]
        return block.data.data_ptr() + offset + operand.offset
