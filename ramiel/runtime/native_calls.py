"""A table of calls that the processor makes one after the other, without Python between them."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .machine_code import machine_code

Run: TypeAlias = Callable[[int, int], int]
"""The address of the first call, how many → how many are left, the failed one among them."""

NativeCall: TypeAlias = tuple[int, Sequence[int]]
"""The address of a function, and its four arguments."""

X86_64 = """
    53              push rbx
    41 54           push r12
    48 83 ec 08     sub  rsp, 8             ; calls want it aligned to 16
    48 89 fb        mov  rbx, rdi           ; the next call
    49 89 f4        mov  r12, rsi           ; how many are left
    4d 85 e4        test r12, r12           ; next:
    74 1f           jz   end
    48 8b 7b 08     mov  rdi, [rbx + 8]
    48 8b 73 10     mov  rsi, [rbx + 16]
    48 8b 53 18     mov  rdx, [rbx + 24]
    48 8b 4b 20     mov  rcx, [rbx + 32]
    ff 13           call [rbx]
    85 c0           test eax, eax
    75 09           jnz  end                ; a status other than 0
    48 83 c3 28     add  rbx, 40
    49 ff cc        dec  r12
    eb dc           jmp  next
    4c 89 e0        mov  rax, r12           ; end:
    48 83 c4 08     add  rsp, 8
    41 5c           pop  r12
    5b              pop  rbx
    c3              ret
"""
"""The loop, for the calling convention of System V."""


class _Entry(ctypes.Structure):
    """A function of up to four arguments that returns a status, 0 if all is well."""

    _fields_ = [("function", ctypes.c_size_t), ("arguments", ctypes.c_size_t * 4)]


class NativeCalls:
    """Calls in a row."""

    def __init__(self, calls: Sequence[NativeCall]) -> None:
        rows = [_Entry(function, tuple(arguments)) for function, arguments in calls]
        self._table = (_Entry * len(rows))(*rows)
        self._address, self._size = ctypes.addressof(self._table), ctypes.sizeof(_Entry)
        self._run = native_loop() or self._run_each

    def run(self, start: int, count: int) -> None:
        """Make `count` calls from number `start` on.  Raises RuntimeError if one fails."""
        if self._run(self._address + start * self._size, count):
            raise RuntimeError("oneDNN could not compute")

    def _run_each(self, address: int, count: int) -> int:
        """The loop in Python, where there is none for this processor."""
        start = (address - self._address) // self._size
        for done in range(count):
            call = self._table[start + done]
            if run_native((call.function, call.arguments)):
                return count - done
        return 0


def run_native(call: NativeCall) -> int:
    """Make one call."""
    function, arguments = call
    return _function(function)(*arguments)


def addresses_of(library: Any, names: Sequence[str]) -> list[int]:
    """Where functions of a library begin."""
    pointers = [ctypes.cast(getattr(library, name), ctypes.c_void_p) for name in names]
    return [pointer.value or 0 for pointer in pointers]


@functools.cache
def _function(address: int) -> Any:
    size = ctypes.c_size_t
    return ctypes.CFUNCTYPE(ctypes.c_int, size, size, size, size)(address)


@functools.cache
def native_loop() -> Run | None:
    """The loop in machine code; None where there is none."""
    address = machine_code(X86_64)
    if address is None:
        return None
    return ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_size_t, ctypes.c_size_t)(address)
