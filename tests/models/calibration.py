"""Synthetic pictures, and BatchNorm statistics measured on them.

With the statistics that layers are made with, deep networks of random weights forget their input:
the output is constant to six digits or more, and a wrong compiler would pass every comparison.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pictures(count: int, size: int, seed: int = 1) -> Tensor:
    """[count, 3, size, size]: smooth shapes and grain, of differing brightness and contrast."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    shapes = F.interpolate(normal(count, 3, 6, 6), (size, size), mode="bicubic")
    contrast = 0.5 + torch.rand((count, 1, 1, 1), generator=generator)
    brightness = 0.7 * normal(count, 3, 1, 1)
    return brightness + contrast * shapes + 0.2 * normal(count, 3, size, size)


def calibrate(model: nn.Module, *inputs: Tensor) -> None:
    """Set the running statistics of every BatchNorm to those of one batch."""
    layers: list[Any] = [m for m in model.modules() if hasattr(m, "reset_running_stats")]
    momenta = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a cumulative average: of this batch alone
        layer.train()
    with torch.no_grad():
        model(*inputs)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()
