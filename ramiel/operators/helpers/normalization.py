"""Normalizations in the forms that PyTorch's functions do not have."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F


def batch_norm_training(
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    mean: torch.Tensor,
    var: torch.Tensor,
    eps: float = 1e-05,
    momentum: float = 0.9,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX BatchNormalization in training mode: y, and the running mean and variance, which keep
    `momentum` of what they were."""
    dims = [axis for axis in range(x.dim()) if axis != 1]
    batch_var, batch_mean = torch.var_mean(x.float(), dims, correction=0)
    y = F.batch_norm(
        x.float(), batch_mean, batch_var, scale.float(), bias.float(), eps=eps
    )
    running_mean = mean * momentum + batch_mean.to(mean.dtype) * (1 - momentum)
    running_var = var * momentum + batch_var.to(var.dtype) * (1 - momentum)
    return y.to(x.dtype), running_mean, running_var


def normalize(
    x: torch.Tensor, dims: Sequence[int], eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x with mean 0 and variance 1 over the dims, the mean and 1 / sqrt(variance + eps)."""
    wide = x if x.dtype == torch.float64 else x.float()
    var, mean = torch.var_mean(wide, tuple(dims), correction=0, keepdim=True)
    inverse = torch.rsqrt(var + eps)
    return ((wide - mean) * inverse).to(x.dtype), mean, inverse


def instance_norm(
    x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, eps: float = 1e-05
) -> torch.Tensor:
    """ONNX InstanceNormalization of (N, C, *spatial) for any spatial size, also 1."""
    shape = (-1, *[1] * (x.dim() - 2))
    y, _, _ = normalize(x, range(2, x.dim()), eps)
    return y * scale.reshape(shape) + bias.reshape(shape)


def layer_norm(
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor | None = None,
    axis: int = -1,
    eps: float = 1e-05,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX LayerNormalization over the dimensions from the axis on, with its Mean and InvStdDev."""
    y, mean, inverse = normalize(x, range(axis % x.dim(), x.dim()), eps)
    y = y * scale
    return y if bias is None else y + bias, mean, inverse


def rms_norm(
    x: torch.Tensor, scale: torch.Tensor, axis: int, eps: float = 1e-05
) -> torch.Tensor:
    """ONNX RMSNormalization over the dimensions from the axis on, with a scale that broadcasts."""
    wide = x if x.dtype == torch.float64 else x.float()
    dims = tuple(range(axis % x.dim(), x.dim()))
    inverse = torch.rsqrt(wide.square().mean(dims, keepdim=True) + eps)
    return (wide * inverse).to(scale.dtype) * scale


def local_response_norm(
    x: torch.Tensor,
    size: int,
    alpha: float = 0.0001,
    beta: float = 0.75,
    bias: float = 1.0,
) -> torch.Tensor:
    """ONNX LRN across an even number of channels: the odd one is taken after the middle."""
    squares = x.square().transpose(1, -1)
    squares = F.pad(squares, ((size - 1) // 2, size // 2)).unfold(-1, size, 1).sum(-1)
    return x / (bias + alpha / size * squares.transpose(1, -1)) ** beta


def mean_variance_norm(x: torch.Tensor, dims: Sequence[int]) -> torch.Tensor:
    """ONNX MeanVarianceNormalization: (x - mean) / (standard deviation + 1e-9) over the dims."""
    wide = x if x.dtype == torch.float64 else x.float()
    var, mean = torch.var_mean(wide, tuple(dims), correction=0, keepdim=True)
    return ((wide - mean) / (var.sqrt() + 1e-9)).to(x.dtype)


def lp_normalize(x: torch.Tensor, p: int = 2, dim: int = -1) -> torch.Tensor:
    """ONNX LpNormalization: x / p-norm along a dimension; 0 where the norm is 0."""
    norm = x.norm(p, dim, keepdim=True)
    return x / torch.where(norm == 0, 1, norm)
