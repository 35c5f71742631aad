"""Functions in machine code that a team of OpenMP threads calls, each thread its share."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence

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
    4d 6b e6 18     imul r12, r14, 24
    4c 03 63 28     add  r12, [rbx + 40]
    4d 39 fe        cmp  r14, r15           ; next:
    73 2a           jae  end
    49 8b 7c 24 08  mov  rdi, [r12 + 8]
    48 03 7b 38     add  rdi, [rbx + 56]    ; source
    49 8b 74 24 10  mov  rsi, [r12 + 16]
    48 89 f1        mov  rcx, rsi
    48 03 73 40     add  rsi, [rbx + 64]    ; result
    48 8b 53 48     mov  rdx, [rbx + 72]    ; bias
    48 03 4b 50     add  rcx, [rbx + 80]    ; addend
    41 ff 14 24     call [r12]
    49 83 c4 18     add  r12, 24
    49 ff c6        inc  r14
    eb d1           jmp  next
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


class Entry(ctypes.Structure):
    """A call f(source + a, result + b, bias, addend + b), a and b in bytes."""

    _fields_ = [
        ("function", ctypes.c_size_t),
        ("source", ctypes.c_size_t),
        ("result", ctypes.c_size_t),
    ]


class _Work(ctypes.Structure):
    """What the machine code reads; addresses, but for `threads` and `count`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("member", "parallel", "threads", "thread_number", "thread_count", "entries"),
            *("count", "source", "result", "bias", "addend"),
        )
    ]


class TeamCalls:
    """Calls that do not depend on each other, of functions in machine code."""

    def __init__(
        self, code: MachineCode, calls: Sequence[tuple[int, int, int]], threads: int
    ) -> None:
        """`calls`: where a function begins in the code, a and b, see Entry.

        Raises UnsupportedError where there is no such team.
        """
        found = functions()
        if found is None:
            raise UnsupportedError("no team of threads for machine code")
        self._functions, self._threads, self._code = found, threads, code
        entries = [(code.address + start, a, b) for start, a, b in calls]
        self._entries = (Entry * len(entries))(*entries)

    def bound(self, bias: Tensor | None, *addresses: int) -> TeamWork:
        """The calls for a bias, and tensors at these addresses: result, source and addend."""
        member, run, parallel, *team = self._functions
        table = ctypes.addressof(self._entries), len(self._entries)
        at = 0 if bias is None else bias.data_ptr()
        work = _Work(member, parallel, self._threads, *team, *table, 0, 0, at, 0)
        return TeamWork(run, work, addresses, (self, bias))


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
