"""A computation in machine code of our own, shared by a team of threads."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

from .computation import Bound, Computation, observation
from .machine_code import MachineCode
from .native_calls import NativeCall, run_native
from .primitive import WEIGHTS, allocate
from .team_calls import Call, TeamCalls, TeamWork


class TeamComputation(Computation):
    """Calls in any order, on tensors that have the steps which the code is made for."""

    def __init__(
        self,
        code: MachineCode,
        calls: Sequence[Call],
        threads: int,
        constant: Tensor | None,
        result: tuple[Sequence[int], Sequence[int]],
        kept: object = None,
    ) -> None:
        """`result`: its shape and strides; `kept`: what has to be there as long as this.

        Raises UnsupportedError where there is no team of threads for it.
        """
        super().__init__([] if constant is None else [(WEIGHTS, ctypes.c_void_p(), constant)])
        self._shape, self._strides = map(tuple, result)
        self._kept = kept
        self._calls = TeamCalls(code, calls, threads)

    def __call__(self, x: Tensor, addend: Tensor | None = None) -> Tensor:
        """A new tensor with the result."""
        y = allocate(self._shape, self._strides, torch.float32)
        self._execute_on(y, x, addend, None)
        if observation.observer is not None:
            observation.observer(self, True, y, x, addend, None)
        return y

    def native_call(self, *addresses: int) -> tuple[Bound, NativeCall]:
        """On a result, a source and an addend, if there is one."""
        work = self._work(*addresses)
        return work, work.call

    def _execute_on(
        self, y: Tensor, x: Tensor, second: Tensor | None, third: Tensor | None
    ) -> None:
        tensors = [tensor for tensor in (y, x, second) if tensor is not None]
        work = self._work(*[tensor.data_ptr() for tensor in tensors])
        run_native(work.call)

    def _work(self, *addresses: int) -> TeamWork:
        constant = self.constants[0][2] if self.constants else None
        return self._calls.bound(constant, *addresses)
