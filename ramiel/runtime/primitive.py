"""A computation that oneDNN has been told of once, for tensors of certain layouts."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

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


class Observation(threading.local):
    """What each thread tells of the primitives that it executes; None: nothing."""

    observer: Callable[..., None] | None = None
    """Called with the primitive, whether its result is new, the result and the operands."""


observation = Observation()


Constants: TypeAlias = Sequence[tuple[int, Handle | ctypes.c_void_p, Tensor]]
"""What each is to a primitive, its layout and its data."""
Placed: TypeAlias = Callable[[Sequence[int]], "Primitive"]
"""The same computation with a result of other strides.  Raises UnsupportedError."""


@dataclass(frozen=True)
class Window:
    """Which rows of an image each row of a result is made of, and how to make some rows alone.

    Row r: from row stride * r - padding on, as many as `reach`.
    """

    reach: int
    stride: int
    padding: int
    cut: Callable[[Sequence[int], int, int], Primitive]
    """The primitive for an image of this shape with these rows of padding before and after it.

    Raises UnsupportedError.
    """


class Primitive:
    """A computation on up to three tensors of certain layouts, in the order of `inputs`.

    Threads may call it at once.  Operands that do not have the layouts are the caller's mistake,
    which nothing detects.
    """

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
        self.placed, self.is_copy = placed, is_copy
        self.window: Window | None = None
        self._library = library
        self._primitive = library.make("primitive", "primitive_create", description)
        self._description = description  # has the layouts of constants and scratchpad
        self._inputs, self.constants = inputs, constants
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

    def into(
        self, y: Tensor, x: Tensor, second: Tensor | None = None, third: Tensor | None = None
    ) -> None:
        """Write the result to y, which has its layout."""
        self._execute_on(y, x, second, third)
        if observation.observer is not None:
            observation.observer(self, False, y, x, second, third)

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
        """Read them elsewhere in calls that begin after this; it is placed or cut no more then."""
        if self.constants:
            found = [(index, layout, moved(data)) for index, layout, data in self.constants]
            self.constants = found
            self._free.clear()
            self.placed = self.window = None  # which have them too

    @property
    def scratchpad_bytes(self) -> int:
        """What it needs beside operands and result while it runs."""
        return self._kept_bytes + self._fresh_bytes

    def native_call(self, *addresses: int) -> tuple[Binding, NativeCall]:
        """An execution as a call of a function, on data at these addresses.

        They are those of the result, of the operands and of a scratchpad if it needs one.
        """
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
        return Binding(variables, constants)


class Binding:
    """The arguments of one execution, whose variables get their addresses before it."""

    def __init__(
        self,
        variables: Sequence[tuple[int, Handle]],
        constants: Sequence[tuple[int, Handle, Tensor]],
    ) -> None:
        self._kept = variables, constants
        listed = [*variables, *[(index, memory) for index, memory, _ in constants]]
        self._listed = (Argument * len(listed))(
            *[Argument(index, memory.pointer) for index, memory in listed]
        )
        self.count, self.arguments = len(listed), ctypes.addressof(self._listed)
        self.variables = [memory.address for _, memory in variables]
