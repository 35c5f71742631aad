"""Functions in machine code that a team of OpenMP threads calls, each thread its share."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from .machine_code import MachineCode, machine_code
from .native_calls import NativeCall, addresses_of
from .onednn import UnsupportedError
from .team import openmp

MEMBER_X86_64 = """
    53              push rbx                ; what is to be done
    41 54           push r12                ; this thread's number, then the next entry
    41 55           push r13                ; how many threads there are
    41 56           push r14                ; this thread's entries: the next one's number
    41 57           push r15                ; and where they end
    48 89 fb        mov  rbx, rdi
    ff 53 18        call [rbx + 24]         ; omp_get_thread_num
    41 89 c4        mov  r12d, eax
    ff 53 20        call [rbx + 32]         ; omp_get_num_threads
    41 89 c5        mov  r13d, eax
    4c 89 e0        mov  rax, r12
    48 0f af 43 30  imul rax, [rbx + 48]
    31 d2           xor  edx, edx
    49 f7 f5        div  r13
    49 89 c6        mov  r14, rax           ; number * count / threads
    49 8d 44 24 01  lea  rax, [r12 + 1]
    48 0f af 43 30  imul rax, [rbx + 48]
    31 d2           xor  edx, edx
    49 f7 f5        div  r13
    49 89 c7        mov  r15, rax
    4d 6b e6 30     imul r12, r14, 48
    4c 03 63 28     add  r12, [rbx + 40]
    4d 39 fe        cmp  r14, r15           ; next:
    73 3a           jae  end
    49 8b 7c 24 08  mov  rdi, [r12 + 8]
    48 03 7b 38     add  rdi, [rbx + 56]    ; source
    49 8b 74 24 10  mov  rsi, [r12 + 16]
    48 03 73 40     add  rsi, [rbx + 64]    ; result
    49 8b 54 24 18  mov  rdx, [r12 + 24]
    48 03 53 48     add  rdx, [rbx + 72]    ; constant
    49 8b 4c 24 20  mov  rcx, [r12 + 32]
    48 03 4b 50     add  rcx, [rbx + 80]    ; addend
    4d 8b 44 24 28  mov  r8, [r12 + 40]
    4c 03 43 48     add  r8, [rbx + 72]     ; the next call's constant
    41 ff 14 24     call [r12]
    49 83 c4 30     add  r12, 48
    49 ff c6        inc  r14
    eb c1           jmp  next
    41 5f           pop  r15                ; end:
    41 5e           pop  r14
    41 5d           pop  r13
    41 5c           pop  r12
    5b              pop  rbx
    c3              ret
"""
"""Calls the functions of one thread's entries, for the calling convention of System V."""
RUN_X86_64 = """
    48 83 ec 08     sub  rsp, 8             ; calls want it aligned to 16
    48 89 fe        mov  rsi, rdi           ; what is to be done
    8b 56 10        mov  edx, [rsi + 16]    ; threads
    31 c9           xor  ecx, ecx
    48 8b 46 08     mov  rax, [rsi + 8]     ; GOMP_parallel
    48 8b 3e        mov  rdi, [rsi]
    ff d0           call rax
    31 c0           xor  eax, eax
    48 83 c4 08     add  rsp, 8
    c3              ret
"""
"""Lets a team do it, and returns 0."""
ALONE_X86_64 = """
    48 83 ec 08     sub  rsp, 8             ; calls want it aligned to 16
    ff 17           call [rdi]
    31 c0           xor  eax, eax
    48 83 c4 08     add  rsp, 8
    c3              ret
"""
"""Does it on the calling thread, and returns 0."""
FIRST_X86_64 = """
    31 c0           xor  eax, eax
    c3              ret
"""
ONE_X86_64 = """
    b8 01 00 00 00  mov  eax, 1
    c3              ret
"""
"""What OpenMP's functions say to a thread without a team."""


class Call(NamedTuple):
    """A function that begins at `start` in the code, and bytes behind the tensors for it.

    It gets the addresses of its part of the source, the result, the constant and the addend, and
    of where the next call's constant is.
    """

    start: int
    source: int
    result: int
    constant: int = 0
    addend: int = 0
    next_constant: int = 0


def functions_of(codes: Sequence[bytes]) -> tuple[MachineCode, list[int]]:
    """Functions one after the other, and where each begins.

    Raises UnsupportedError where they cannot be run.
    """
    starts = [*itertools.accumulate(map(len, codes), initial=0)]
    try:
        return MachineCode(b"".join(codes)), starts[:-1]
    except OSError as error:
        raise UnsupportedError(str(error)) from error


class _Entry(ctypes.Structure):
    """A call, with the address of its function."""

    _fields_ = [(name, ctypes.c_size_t) for name in Call._fields]


class _Work(ctypes.Structure):
    """What the machine code reads; addresses, but for `threads` and `count`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("member", "parallel", "threads", "thread_number", "thread_count", "entries"),
            *("count", "source", "result", "constant", "addend"),
        )
    ]


class TeamCalls:
    """Calls that do not depend on each other, of functions in machine code."""

    def __init__(self, code: MachineCode, calls: Sequence[Call], threads: int) -> None:
        """Raises UnsupportedError where there is no such team."""
        found = functions() if threads > 1 else functions_alone()
        if found is None:
            raise UnsupportedError("no team of threads for machine code")
        self._functions, self._threads, self._code = found, threads, code
        entries = [(code.address + start, *offsets) for start, *offsets in calls]
        self._entries = (_Entry * len(entries))(*entries)

    def bound(self, constant: Tensor | None, *addresses: int) -> TeamWork:
        """The calls for a constant, and tensors at these addresses: result, source and addend."""
        member, run, parallel, *team = self._functions
        table = ctypes.addressof(self._entries), len(self._entries)
        at = 0 if constant is None else constant.data_ptr()
        work = _Work(member, parallel, self._threads, *team, *table, 0, 0, at, 0)
        return TeamWork(run, work, addresses, (self, constant))


class TeamWork:
    """Calls for one set of tensors at a time.  `variables`: of those that addresses are given."""

    def __init__(self, run: int, work: _Work, addresses: Sequence[int], kept: object) -> None:
        self._work, self._kept = work, kept
        start = ctypes.addressof(work)
        fields = [_Work.result, _Work.source, _Work.addend]
        self.variables = [start + field.offset for field in fields[: len(addresses)]]
        for variable, address in zip(self.variables, addresses, strict=True):
            self.set(variable, address)
        self.call: NativeCall = run, (start, 0, 0, 0)

    def set(self, variable: int, address: int) -> None:
        """Tell the address of a tensor."""
        ctypes.c_size_t.from_address(variable).value = address


@functools.cache
def functions() -> tuple[int, int, int, int, int] | None:
    """A member's loop, the entry into it and OpenMP's functions; None where one is missing."""
    gnu, member, run = openmp(), machine_code(MEMBER_X86_64), machine_code(RUN_X86_64)
    if gnu is None or member is None or run is None:
        return None
    names = "GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads"
    parallel, number, count = addresses_of(gnu.library, names)
    return member, run, parallel, number, count


@functools.cache
def functions_alone() -> tuple[int, int, int, int, int] | None:
    """The same for one thread, without OpenMP."""
    listings = MEMBER_X86_64, ALONE_X86_64, FIRST_X86_64, ONE_X86_64
    member, run, first, one = map(machine_code, listings)
    if member is None or run is None or first is None or one is None:
        return None
    return member, run, 0, first, one
