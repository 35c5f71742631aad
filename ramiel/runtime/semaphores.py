"""Semaphores that tables of native calls post and wait for: messages without the interpreter."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, NamedTuple

from .machine_code import machine_code
from .native_calls import NativeCall, addresses_of

BYTES = 64
"""A line of the cache for each: a sem_t has 32 bytes at most."""
TRIES = 8000
"""Before a thread goes to sleep: about 0.2 ms, which is longer than most waits."""

WAIT_X86_64 = """
    53              push rbx                ; the semaphore
    41 54           push r12                ; sem_trywait
    41 55           push r13                ; sem_wait
    41 56           push r14                ; tries
    48 83 ec 08     sub  rsp, 8             ; calls want it aligned to 16
    48 89 fb        mov  rbx, rdi
    49 89 f4        mov  r12, rsi
    49 89 d5        mov  r13, rdx
    49 89 ce        mov  r14, rcx
    48 89 df        mov  rdi, rbx           ; try:
    41 ff d4        call r12
    85 c0           test eax, eax
    74 11           jz   end
    f3 90           pause
    49 ff ce        dec  r14
    75 ef           jnz  try
    48 89 df        mov  rdi, rbx           ; sleep:
    41 ff d5        call r13
    85 c0           test eax, eax
    75 f6           jnz  sleep              ; a signal came
    48 83 c4 08     add  rsp, 8             ; end:
    41 5e           pop  r14
    41 5d           pop  r13
    41 5c           pop  r12
    5b              pop  rbx
    c3              ret
"""
"""Waits for a semaphore and returns 0, for the calling convention of System V."""


class Functions(NamedTuple):
    """Addresses of functions."""

    wait: int
    try_wait: int
    sleep: int
    post: int


@functools.cache
def functions() -> Functions | None:
    """What semaphores need; None where there is no machine code, or a function is missing."""
    wait = machine_code(WAIT_X86_64)
    library: Any = ctypes.CDLL(None)
    names = ("sem_trywait", "sem_wait", "sem_post")
    if wait is None or not all(hasattr(library, name) for name in (*names, "sem_init")):
        return None
    return Functions(wait, *addresses_of(library, names))


class Semaphores:
    """Some semaphores, all at 0."""

    def __init__(self, count: int) -> None:
        """Raises RuntimeError where there are none."""
        found = functions()
        if found is None:
            raise RuntimeError("no semaphores on this system")
        self._functions = found
        self._memory = ctypes.create_string_buffer((count + 1) * BYTES)
        start = -(-ctypes.addressof(self._memory) // BYTES) * BYTES
        self._addresses = [start + index * BYTES for index in range(count)]
        self._library: Any = ctypes.CDLL(None)
        for address in self._addresses:
            self._library.sem_init(ctypes.c_void_p(address), 0, 0)

    def post(self, index: int) -> NativeCall:
        """A native call that lets one wait end."""
        return self._functions.post, (self._addresses[index], 0, 0, 0)

    def wait(self, index: int) -> NativeCall:
        """A native call that ends after a post: it tries for a while, then sleeps."""
        wait, try_wait, sleep, _ = self._functions
        return wait, (self._addresses[index], try_wait, sleep, TRIES)

    def release(self) -> None:
        """Let whoever waits go on."""
        for address in self._addresses:
            self._library.sem_post(ctypes.c_void_p(address))
