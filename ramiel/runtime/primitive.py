"""A computation that oneDNN has been told of once, for tensors of certain layouts."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .computation import Computation, Constants, Placed, observation
from .native_calls import NativeCall
from .onednn import Argument, Handle, OneDNN

SOURCE, RESULT, WEIGHTS, BIAS, SCRATCHPAD = 1, 17, 33, 41, 80
"""What a tensor is to a primitive."""
WEIGHTS_LAYOUT, SCRATCHPAD_LAYOUT = 131, 136
KEPT_SCRATCHPAD = 1 << 16
"""Bytes up to which a scratchpad is kept from call to call."""


def second_source(position: int) -> int:
    """What a tensor is that the post-operation at that position takes beside the result."""
    return 32768 * (position + 1) | 2


def _allocator() -> Callable[[tuple[int, ...], tuple[int, ...], torch.dtype], Tensor]:
    """A new tensor of a shape, strides and a dtype.

    As Inductor's programs make it where that is to be had: keeping the interpreter's lock, for
    which a worker that let it go would wait again.
    """
    guards: Any = torch
    try:
        return guards._C._dynamo.guards._empty_strided_cpu
    except AttributeError:
        return lambda shape, strides, dtype: torch.empty_strided(shape, strides, dtype=dtype)


allocate = _allocator()


class Primitive(Computation):
    """A computation of oneDNN's; operands in the order of `inputs`."""

    def __init__(
        self,
        library: OneDNN,
        description: Handle,
        inputs: Sequence[tuple[int, Handle]],
        constants: Constants,
        result: tuple[Handle, Sequence[int], Sequence[int], torch.dtype],
        placed: Placed | None = None,
        is_copy: bool = False,
    ) -> None:
        """`inputs` and `constants`: what each is to the primitive, its layout, and its data.

        Constants are kept, and read at each call.
        """
        super().__init__(constants, placed, is_copy)
        self._library = library
        self._primitive = library.make("primitive", "primitive_create", description)
        self._description = description  # has the layouts of constants and scratchpad
        self._inputs = inputs
        self._result, shape, strides, self._dtype = result
        self._shape, self._strides = tuple(shape), tuple(strides)
        self._scratchpad = library.layout_in(description, SCRATCHPAD_LAYOUT)
        needed = library.size_of(self._scratchpad)
        self._kept_bytes, self._fresh_bytes = (
            (needed, 0) if needed <= KEPT_SCRATCHPAD else (0, needed)
        )
        self._free: list[Binding] = []
        self._execute, self._set_data = library.execute, library.set_data
        self._pointers = self._primitive.address, library.stream.address

    def __call__(
        self, x: Tensor, second: Tensor | None = None, third: Tensor | None = None
    ) -> Tensor:
        """A new tensor with the result."""
        y = allocate(self._shape, self._strides, self._dtype)
        self._execute_on(y, x, second, third)
        if observation.observer is not None:
            observation.observer(self, True, y, x, second, third)
        return y

    def _execute_on(
        self, y: Tensor, x: Tensor, second: Tensor | None, third: Tensor | None
    ) -> None:
        try:
            binding = self._free.pop()
        except IndexError:
            binding = self._bind()
        set_data, variables = self._set_data, binding.variables
        set_data(variables[0], y.data_ptr())
        set_data(variables[1], x.data_ptr())
        if second is not None:
            set_data(variables[2], second.data_ptr())
        if third is not None:
            set_data(variables[3], third.data_ptr())
        if self._fresh_bytes:
            scratchpad = torch.empty(self._fresh_bytes, dtype=torch.uint8)
            set_data(variables[-1], scratchpad.data_ptr())
        status = self._execute(*self._pointers, binding.count, binding.arguments)
        self._free.append(binding)
        if status != 0:
            raise RuntimeError(f"oneDNN could not compute: status {status}")

    def _bind(self) -> Binding:
        """Memory objects for one call at a time."""
        given = list(self.constants)
        if self._kept_bytes:
            kept = torch.empty(self._kept_bytes, dtype=torch.uint8)
            given.append((SCRATCHPAD, self._scratchpad, kept))
        return self._binding(self._fresh_bytes, given)

    def move_constants(self, moved: Callable[[Tensor], Tensor]) -> None:
        """As for each computation; calls that run go on with what they have."""
        super().move_constants(moved)
        self._free.clear()

    @property
    def scratchpad_bytes(self) -> int:
        """What it needs beside operands and result while it runs."""
        return self._kept_bytes + self._fresh_bytes

    def native_call(self, *addresses: int) -> tuple[Binding, NativeCall]:
        """As for each computation."""
        binding = self._binding(self.scratchpad_bytes, self.constants)
        for variable, address in zip(binding.variables, addresses, strict=True):
            self._set_data(variable, address)
        arguments = *self._pointers, binding.count, binding.arguments
        return binding, (self._library.execute_address, arguments)

    def _binding(self, scratchpad_bytes: int, given: Constants) -> Binding:
        """Variables for result, operands and a scratchpad of so many bytes, if any."""
        make = self._library.memory
        variables = [(RESULT, make(self._result))]
        variables += [(index, make(layout)) for index, layout in self._inputs]
        if scratchpad_bytes:
            variables.append((SCRATCHPAD, make(self._scratchpad)))
        constants = [(index, make(layout, data.data_ptr()), data) for index, layout, data in given]
        return Binding(variables, constants, self._set_data)


class Binding:
    """The arguments of one execution, whose variables get their addresses before it."""

    def __init__(
        self,
        variables: Sequence[tuple[int, Handle]],
        constants: Sequence[tuple[int, Handle, Tensor]],
        set_data: Callable[[int, int], object],
    ) -> None:
        self._kept = variables, constants
        self.set = set_data
        listed = [*variables, *[(index, memory) for index, memory, _ in constants]]
        self._listed = (Argument * len(listed))(
            *[Argument(index, memory.pointer) for index, memory in listed]
        )
        self.count, self.arguments = len(listed), ctypes.addressof(self._listed)
        self.variables = [memory.address for _, memory in variables]
