"""One step of an optimizer (ai.onnx.preview.training)."""

from __future__ import annotations

import torch


def adagrad(
    x: torch.Tensor,
    gradient: torch.Tensor,
    squares: torch.Tensor,
    rate: torch.Tensor,
    step: torch.Tensor,
    decay: float = 0.0,
    epsilon: float = 0.0,
    norm: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The new x and sum of squared gradients (ONNX Adagrad-1)."""
    gradient = norm * x + gradient
    squares = squares + gradient * gradient
    rate = rate / (1 + step * decay)
    return x - rate * gradient / (squares.sqrt() + epsilon), squares


def adam(
    x: torch.Tensor,
    gradient: torch.Tensor,
    mean: torch.Tensor,
    squares: torch.Tensor,
    rate: torch.Tensor,
    step: torch.Tensor,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 0.0,
    norm: float = 0.0,
    norm_post: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The new x, and running means of gradients and of their squares (ONNX Adam-1)."""
    gradient = norm * x + gradient
    mean = alpha * mean + (1 - alpha) * gradient
    squares = beta * squares + (1 - beta) * gradient * gradient
    count = int(step)
    if count > 0:
        rate = rate * (1 - beta**count) ** 0.5 / (1 - alpha**count)
    return (
        (1 - norm_post) * (x - rate * mean / (squares.sqrt() + epsilon)),
        mean,
        squares,
    )


def momentum(
    x: torch.Tensor,
    gradient: torch.Tensor,
    velocity: torch.Tensor,
    rate: torch.Tensor,
    step: torch.Tensor,
    alpha: float,
    beta: float,
    norm: float,
    nesterov: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The new x and velocity (ONNX Momentum-1)."""
    gradient = norm * x + gradient
    velocity = alpha * velocity + (beta if int(step) > 0 else 1.0) * gradient
    return x - rate * (gradient + alpha * velocity if nesterov else velocity), velocity
