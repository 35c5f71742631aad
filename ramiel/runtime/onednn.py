"""oneDNN as PyTorch carries it, called directly.

PyTorch's operators describe a convolution to oneDNN anew at each call, which takes 18 µs: more than
many convolutions.  Its interface in C (oneDNN 3, dnnl.h) lets a computation be described once.
PyTorch exports none of these functions, but its wheels for Linux list them in the table of symbols.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from .symbols import function_addresses

MAJOR = 3
"""The version of the interface: later minor versions only add to it."""
CPU, IN_ORDER = 1, 1
ANY_LAYOUT = 1
USER_SCRATCHPAD = 1
IMPLEMENTATION = 8
DTYPES = {torch.float32: 3, torch.bfloat16: 2}
DIMENSIONS = ctypes.c_int64 * 12


class UnsupportedError(RuntimeError):
    """oneDNN has no such computation, or this PyTorch no such oneDNN."""


FAILURES = (RuntimeError, ValueError, LookupError, ArithmeticError)
"""Of arguments that do not fit: PyTorch's own operator says what is wrong with them."""


class Handle:
    """An object of oneDNN's, destroyed when nothing refers to it any more."""

    def __init__(self, destroy: Callable[[ctypes.c_void_p], object]) -> None:
        self.pointer = ctypes.c_void_p()
        self._destroy = destroy

    @property
    def address(self) -> int:
        """Where the object is."""
        return self.pointer.value or 0

    def __del__(self) -> None:
        if self.pointer:
            self._destroy(self.pointer)


class Argument(ctypes.Structure):
    """dnnl_exec_arg_t: a memory object and what it is to a primitive."""

    _fields_ = [("index", ctypes.c_int), ("memory", ctypes.c_void_p)]


class OneDNN:
    """The functions that are used here, with an engine and a stream for this process's CPU.

    Raises UnsupportedError if one is missing, or the version is another.
    """

    def __init__(self, addresses: dict[str, int]) -> None:
        self._addresses = addresses
        self._functions: dict[str, Any] = {}
        if self._major_version() != MAJOR:
            raise UnsupportedError("the interface is of another version")
        void, integer = ctypes.c_void_p, ctypes.c_int
        # What takes less time than letting go of the interpreter lock keeps it.
        self.set_data: Any = ctypes.PYFUNCTYPE(integer, void, void)(
            self._address("memory_set_data_handle")
        )
        self.execute_address = self._address("primitive_execute")
        self.execute: Any = ctypes.CFUNCTYPE(integer, void, void, integer, void)(
            self.execute_address
        )
        self.engine = self.make("engine", "engine_create", CPU, ctypes.c_size_t(0))
        self.stream = self.make("stream", "stream_create", self.engine, IN_ORDER)

    def make(self, kind: str, function: str, *arguments: Any) -> Handle:
        """A new object, by a function that writes where it is to its first argument."""
        handle = Handle(self._function(f"{kind}_destroy"))
        self.call(function, ctypes.byref(handle.pointer), *arguments)
        return handle

    def call(self, function: str, *arguments: Any) -> None:
        """Call a function that returns a status.  Raises UnsupportedError if it failed."""
        plain = [item.pointer if isinstance(item, Handle) else item for item in arguments]
        status = self._function(function)(*plain)
        if status != 0:
            raise UnsupportedError(f"{function} returns {status}")

    def layout(self, shape: Sequence[int], strides: Sequence[int], dtype: torch.dtype) -> Handle:
        """A tensor's place in memory, strides in elements."""
        return self.make(
            "memory_desc",
            "memory_desc_create_with_strides",
            len(shape),
            DIMENSIONS(*shape),
            _number_of(dtype),
            DIMENSIONS(*strides),
        )

    def any_layout(self, shape: Sequence[int], dtype: torch.dtype) -> Handle:
        """A tensor that a primitive may lay out as it likes."""
        return self.tagged_layout(shape, dtype, ANY_LAYOUT)

    def tagged_layout(self, shape: Sequence[int], dtype: torch.dtype, tag: int) -> Handle:
        """A tensor in a layout that oneDNN has a number for."""
        return self.make(
            "memory_desc",
            "memory_desc_create_with_tag",
            len(shape),
            DIMENSIONS(*shape),
            _number_of(dtype),
            tag,
        )

    def layout_in(self, description: Handle, what: int) -> ctypes.c_void_p:
        """A layout that the description of a primitive has decided on."""
        query = self._function("primitive_desc_query_md", ctypes.c_void_p)
        return ctypes.c_void_p(query(description.pointer, what, 0))

    def describe(self, function: str, *arguments: Any) -> Handle:
        """The description of a primitive on this CPU.

        Raises UnsupportedError also where there is only a loop in plain C++ for it.
        """
        description = self.make("primitive_desc", function, self.engine, *arguments)
        name = ctypes.c_char_p()
        self.call("primitive_desc_query", description, IMPLEMENTATION, 0, ctypes.byref(name))
        if (name.value or b"ref").startswith(b"ref"):
            raise UnsupportedError("no kernel for this CPU")
        return description

    def size_of(self, layout: Handle | ctypes.c_void_p) -> int:
        """The bytes that a tensor of that layout takes."""
        pointer = layout.pointer if isinstance(layout, Handle) else layout
        return self._function("memory_desc_get_size", ctypes.c_size_t)(pointer)

    def are_equal(self, one: Handle | ctypes.c_void_p, other: Handle | ctypes.c_void_p) -> bool:
        """Whether two layouts are the same."""
        pointers = [x.pointer if isinstance(x, Handle) else x for x in (one, other)]
        return bool(self._function("memory_desc_equal")(*pointers))

    def memory(self, layout: Handle | ctypes.c_void_p, data: int | None = None) -> Handle:
        """A memory object: a layout, and the address of what is laid out so."""
        return self.make(
            "memory", "memory_create", layout, self.engine, ctypes.c_void_p(data or None)
        )

    def run(self, primitive: Handle, arguments: Sequence[tuple[int, Handle]]) -> None:
        """Execute a primitive once."""
        listed = (Argument * len(arguments))(
            *[Argument(index, memory.pointer) for index, memory in arguments]
        )
        self.call("primitive_execute", primitive, self.stream, len(arguments), listed)

    def _function(self, name: str, result: Any = ctypes.c_int) -> Any:
        if name not in self._functions:
            self._functions[name] = ctypes.CFUNCTYPE(result)(self._address(name))
        return self._functions[name]

    def _address(self, name: str) -> int:
        try:
            return self._addresses[f"dnnl_{name}"]
        except KeyError:
            raise UnsupportedError(f"no function {name}") from None

    def _major_version(self) -> int:
        version = self._function("version", ctypes.POINTER(ctypes.c_int))()
        return version[0]


def _number_of(dtype: torch.dtype) -> int:
    if dtype not in DTYPES:
        raise UnsupportedError(f"not used with {dtype}")
    return DTYPES[dtype]


@functools.cache
def onednn() -> OneDNN | None:
    """PyTorch's oneDNN; None where its functions are not to be found, or are of another version."""
    if not torch.backends.mkldnn.is_available():
        return None
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    try:
        return OneDNN(function_addresses(library, "dnnl_"))
    except (UnsupportedError, OSError):
        return None
