"""Operators of ONNX Runtime on tensors."""

from __future__ import annotations

import torch


def squared_distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The squared Euclidean distance of each row of x (n, d) from each of y (m, d): (n, m)."""
    products = x @ y.T
    squares = x.square().sum(1, keepdim=True) + y.square().sum(1)
    return (squares - 2 * products).clamp(min=0)
