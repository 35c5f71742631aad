"""PyTorch's modes belong to a thread; workers take over those of the thread that calls."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch

AUTOCAST_DEVICES = ("cpu", "cuda")


class CallerModes:
    """The gradient, inference and autocast modes of the thread that creates this object."""

    def __init__(self) -> None:
        self._grad = torch.is_grad_enabled()
        self._inference = torch.is_inference_mode_enabled()
        self._autocast = [
            (device, torch.get_autocast_dtype(device))
            for device in AUTOCAST_DEVICES
            if torch.is_autocast_enabled(device)
        ]

    def entered(self) -> AbstractContextManager[Any]:
        """A context in which another thread has these modes."""
        gradients = (
            torch.inference_mode() if self._inference else torch.set_grad_enabled(self._grad)
        )
        if not self._autocast:
            return gradients
        stack = ExitStack()
        stack.enter_context(gradients)
        for device, dtype in self._autocast:
            stack.enter_context(torch.autocast(device, dtype=dtype))
        return stack
