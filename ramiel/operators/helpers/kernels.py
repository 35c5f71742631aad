"""Convolutions and matrix products by oneDNN, with weights laid out for it and fused activations.

A weight is laid out once, when the model is loaded.  Where PyTorch has no oneDNN it stays as it is,
and the functions below fall back to PyTorch's own.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from ramiel.runtime.onednn import onednn
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.primitives import pair

ACTIVATIONS: dict[str, Callable[..., torch.Tensor]] = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "swish": F.silu,
    "hardswish": F.hardswish,
    "hardtanh": F.hardtanh,
    "leaky_relu": F.leaky_relu,
    "gelu": F.gelu,
}
"""What oneDNN applies to a result before it writes it, under the names of PyTorch's binding."""


@functools.cache
def has_onednn() -> bool:
    """Whether this PyTorch has oneDNN's kernels; a warning if it has not."""
    if torch.backends.mkldnn.is_available():
        return True
    warnings.warn(
        "compiled for oneDNN, which this PyTorch lacks: "
        "its own, slower kernels run instead",
        stacklevel=2,
    )
    return False


@functools.cache
def has_bfloat16() -> bool:
    """Whether oneDNN has kernels in bfloat16 for this CPU; a warning if it has not."""
    mkldnn: Any = torch.ops.mkldnn
    if mkldnn._is_mkldnn_bf16_supported():
        return True
    warnings.warn(
        "compiled for bfloat16, for which oneDNN has no kernels on this CPU: "
        "PyTorch's own, slower ones run instead",
        stacklevel=2,
    )
    return False


def can_pack(weight: torch.Tensor) -> bool:
    """Whether oneDNN's kernels run on weights of that dtype here."""
    return has_onednn() and (weight.dtype != torch.bfloat16 or has_bfloat16())


def with_activation(
    x: torch.Tensor, activation: str | None, scalars: tuple[float, ...], algorithm: str
) -> torch.Tensor:
    """The activation as PyTorch has it."""
    if activation is None:
        return x
    if activation == "gelu":
        return F.gelu(x, approximate=algorithm)
    return ACTIVATIONS[activation](x, *scalars)


def pack_conv2d(
    weight: torch.Tensor,
    *,
    input_shape: tuple[int, ...],
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> torch.Tensor:
    """The weight (M, C / groups, kH, kW) in oneDNN's layout for inputs of that shape.

    The layout also depends on how many threads the calling thread uses.
    """
    if not can_pack(weight):
        return weight
    convolution = pair(padding), pair(stride), pair(dilation), groups, list(input_shape)
    binding: Any = F  # has torch._C._nn, which PyTorch does not describe
    reorder: Any = binding.torch._C._nn.mkldnn_reorder_conv2d_weight
    return reorder(weight.to_mkldnn(), *convolution)


def has_primitives(weight: torch.Tensor) -> bool:
    """Whether kernels can be called directly that read the weight as they like."""
    return can_pack(weight) and onednn() is not None


def conv2d_primitive(
    weight: torch.Tensor,
    *,
    input_shape: tuple[int, ...],
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> torch.Tensor:
    """The weight with oneDNN's primitives, which start sooner than PyTorch's operator.

    Where they are not to be had, as `pack_conv2d` lays it out.
    """
    if has_primitives(weight):
        return PrimitiveWeight.of(weight)
    return pack_conv2d(
        weight,
        input_shape=input_shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def conv2d_winograd(
    weight: torch.Tensor,
    *,
    input_shape: tuple[int, ...],
    padding: int | tuple[int, int] = 0,
) -> torch.Tensor:
    """The weight of a convolution by Winograd's minimal filtering, with fewer products.

    Where that is not to be had, as `conv2d_primitive` has it.
    """
    if has_primitives(weight):
        return PrimitiveWeight.of(weight, "winograd")
    return pack_conv2d(weight, input_shape=input_shape, padding=padding)


def conv2d_product(
    weight: torch.Tensor, *, input_shape: tuple[int, ...]
) -> torch.Tensor:
    """The weight (M, C, 1, 1) for products of matrices in machine code.

    Where that is not to be had, as `conv2d_primitive` has it.
    """
    if has_primitives(weight):
        return PrimitiveWeight.of(weight, "product")
    return pack_conv2d(weight, input_shape=input_shape)


def conv2d_depthwise(
    weight: torch.Tensor,
    *,
    input_shape: tuple[int, ...],
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    groups: int = 1,
) -> torch.Tensor:
    """The weight of a convolution of each channel by itself, in machine code.

    Where that is not to be had, as `conv2d_primitive` has it.
    """
    if has_primitives(weight):
        return PrimitiveWeight.of(weight, "depthwise")
    return pack_conv2d(
        weight, input_shape=input_shape, stride=stride, padding=padding, groups=groups
    )


def conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    add: torch.Tensor | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    activation: str | None = None,
    scalars: tuple[float, ...] = (),
    algorithm: str = "none",
) -> torch.Tensor:
    """activation(conv2d(x, weight, bias) + add) of (N, C, H, W), float32 or bfloat16.

    With `add` the activation is "relu" or none.  The weight's layout chooses the
    kernel.
    """
    if type(weight) is PrimitiveWeight:
        window = stride, padding, dilation, groups
        y = weight.convolve(x, bias, add, *window, activation, scalars, algorithm)
        if y is not None:
            return y
    if not weight.is_mkldnn:
        y = F.conv2d(x, weight, bias, stride, padding, dilation, groups)
        return with_activation(
            y if add is None else y + add, activation, scalars, algorithm
        )
    how = activation or "none", list(scalars), algorithm
    convolution = pair(padding), pair(stride), pair(dilation), groups
    run: Any = torch.ops.mkldnn._convolution_pointwise
    if add is None:
        return run(x, weight, bias, *convolution, *how)
    both: tuple[Any, ...] = "add", 1.0, activation, [], None
    return run.binary(x, add, weight, bias, *convolution, *both)


def pack_linear(weight: torch.Tensor, *, rows: int) -> torch.Tensor:
    """The weight (N, K) in oneDNN's layout for that many rows of input."""
    if not can_pack(weight):
        return weight
    reorder: Any = torch.ops.mkldnn._reorder_linear_weight
    return reorder(weight, rows)


def linear_primitive(weight: torch.Tensor, *, rows: int) -> torch.Tensor:
    """The weight with oneDNN's primitives, else as `pack_linear` lays it out."""
    if has_primitives(weight):
        return PrimitiveWeight.of(weight)
    return pack_linear(weight, rows=rows)


def linear_product(weight: torch.Tensor, *, rows: int) -> torch.Tensor:
    """The weight for products of matrices in machine code.

    Where that is not to be had, as `linear_primitive` has it.
    """
    if has_primitives(weight):
        return PrimitiveWeight.of(weight, "product")
    return pack_linear(weight, rows=rows)


def linear(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    add: torch.Tensor | None = None,
    *,
    activation: str | None = None,
    scalars: tuple[float, ...] = (),
    algorithm: str = "none",
) -> torch.Tensor:
    """activation(x @ weightᵀ + bias + add), float32 or bfloat16 (…, K) to (…, N).

    With `add` the activation is "relu" or none.
    """
    if type(weight) is PrimitiveWeight:
        y = weight.linear(x, bias, add, activation, scalars, algorithm)
        if y is not None:
            return y
    if not weight.is_mkldnn:
        y = F.linear(x, weight, bias)
        return with_activation(
            y if add is None else y + add, activation, scalars, algorithm
        )
    run: Any = torch.ops.mkldnn._linear_pointwise
    if add is None:
        return run(x, weight, bias, activation or "none", list(scalars), algorithm)
    y = run.binary(x, add, weight, bias, "add")
    return y.relu_() if activation == "relu" else y
