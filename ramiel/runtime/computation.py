"""What a recording can do again without the interpreter: from tensors to a tensor."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from torch import Tensor

from .native_calls import NativeCall
from .onednn import Handle
from .windows import Windows


class Observation(threading.local):
    """What each thread tells of the computations that it executes; None: nothing."""

    observer: Callable[..., None] | None = None
    """Called with the computation, whether its result is new, the result and the operands."""


observation = Observation()

Constants: TypeAlias = Sequence[tuple[int, Handle | ctypes.c_void_p, Tensor]]
"""What each is to a computation, its layout and its data."""
Placed: TypeAlias = Callable[[Sequence[int]], "Computation"]
"""The same computation with a result of other strides.  Raises UnsupportedError."""


@dataclass(frozen=True)
class Window:
    """Which rows of an image each row of a result is made of, and how to make some rows alone.

    Row r: from row stride * r - padding on, as many as `reach`.
    """

    reach: int
    stride: int
    padding: int
    cut: Callable[[Sequence[int], int, int], Computation]
    """The computation for an image of this shape with these rows of padding before and after it.

    Raises UnsupportedError.
    """


class Bound(Protocol):
    """The arguments of an execution; those that have no address yet get it before each one."""

    variables: list[int]
    """Of the result and the operands."""

    def set(self, variable: int, address: int, /) -> object:
        """Tell the address of one of them."""
        ...


class Computation:
    """What is computed from up to three tensors of certain layouts.

    Threads may call it at once.  Operands that do not have the layouts are the caller's mistake,
    which nothing detects.
    """

    def __init__(
        self, constants: Constants, placed: Placed | None = None, is_copy: bool = False
    ) -> None:
        """Constants are kept, and read at each call."""
        self.constants, self.placed, self.is_copy = constants, placed, is_copy
        self.window: Window | None = None
        self.windows: Windows | None = None
        """What it computes of images, if machine code of our own can do that."""

    def into(
        self, y: Tensor, x: Tensor, second: Tensor | None = None, third: Tensor | None = None
    ) -> None:
        """Write the result to y, which has its layout."""
        self._execute_on(y, x, second, third)
        if observation.observer is not None:
            observation.observer(self, False, y, x, second, third)

    def move_constants(self, moved: Callable[[Tensor], Tensor]) -> None:
        """Read them elsewhere in calls that begin after this; it is placed or cut no more then."""
        if self.constants:
            found = [(index, layout, moved(data)) for index, layout, data in self.constants]
            self.constants = found
            self.placed = self.window = None  # which have them too

    @property
    def scratchpad_bytes(self) -> int:
        """What it needs beside operands and result while it runs."""
        return 0

    def native_call(self, *addresses: int) -> tuple[Bound, NativeCall]:
        """An execution as a call of a function, on data at these addresses.

        They are those of the result, of the operands and of a scratchpad if it needs one.
        """
        raise NotImplementedError

    def _execute_on(
        self, y: Tensor, x: Tensor, second: Tensor | None, third: Tensor | None
    ) -> None:
        raise NotImplementedError
