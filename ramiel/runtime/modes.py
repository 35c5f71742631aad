"""PyTorch's modes belong to a thread; workers take over those of the thread that calls."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch

AUTOCAST_DEVICES = ("cpu", "cuda")


def _autocast() -> tuple[tuple[str, torch.dtype], ...]:
    return tuple(
        (device, torch.get_autocast_dtype(device))
        for device in AUTOCAST_DEVICES
        if torch.is_autocast_enabled(device)
    )


@dataclass(frozen=True)
class CallerModes:
    """The gradient, inference and autocast modes of the thread that creates this object."""

    grad: bool = field(default_factory=torch.is_grad_enabled)
    inference: bool = field(default_factory=torch.is_inference_mode_enabled)
    autocast: tuple[tuple[str, torch.dtype], ...] = field(default_factory=_autocast)

    def entered(self) -> AbstractContextManager[Any]:
        """A context in which another thread has these modes."""
        gradients = torch.inference_mode() if self.inference else torch.set_grad_enabled(self.grad)
        if not self.autocast:
            return gradients
        stack = ExitStack()
        stack.enter_context(gradients)
        for device, dtype in self.autocast:
            stack.enter_context(torch.autocast(device, dtype=dtype))
        return stack
