"""Linear layers, poolings and joins as primitives of oneDNN; channels are innermost."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from .computation import Window
from .laid_out import LaidOut
from .onednn import DIMENSIONS, USER_SCRATCHPAD, Handle, OneDNN, UnsupportedError
from .primitive import (
    BIAS,
    SOURCE,
    WEIGHTS,
    WEIGHTS_LAYOUT,
    Primitive,
    second_source,
)
from .windows import Windows

FORWARD_INFERENCE = 96
ADD = 0x1FFF0
Pair = int | tuple[int, int]
Place: TypeAlias = tuple[Sequence[int], Sequence[int]]
"""The shape and the strides of a tensor."""
SEVERAL_SOURCES = 1024
MAXIMUM, AVERAGE, AVERAGE_WITHOUT_PADDING = 0x1FF, 0x2FF, 0x3FF
RELU, TANH, LINEAR, LOGISTIC, GELU_TANH, SWISH = 0x20, 0x21, 0x26, 0x29, 0x2B, 0x2C
CLIP, GELU_ERF, HARDSWISH = 0x2E, 0x31, 0x34


@dataclass(frozen=True)
class Activation:
    """What is computed of each result before it is written: oneDNN's number and two parameters."""

    algorithm: int
    alpha: float = 0.0
    beta: float = 0.0


def activation_of(name: str, scalars: Sequence[float], algorithm: str) -> Activation:
    """The activation that PyTorch's binding of oneDNN has under this name, with these scalars."""
    if name == "gelu":
        return Activation(GELU_TANH if algorithm == "tanh" else GELU_ERF)
    if name == "leaky_relu":
        return Activation(RELU, *scalars)
    if name == "hardtanh":
        return Activation(CLIP, *scalars)
    return {
        "relu": Activation(RELU),
        "sigmoid": Activation(LOGISTIC),
        "tanh": Activation(TANH),
        "swish": Activation(SWISH, 1.0),
        "hardswish": Activation(HARDSWISH, 1 / 6, 1 / 2),
    }[name]


FUSED = {
    Activation(RELU): "relu",
    Activation(SWISH, 1.0): "swish",
    Activation(GELU_ERF): "gelu",
}


def fused(activation: Activation | None) -> str | None:
    """What machine code calls an activation that it can do, see activation_code.py."""
    return None if activation is None else FUSED.get(activation)


def joining(library: OneDNN, dim: int, places: Sequence[Place], result: Place) -> Primitive:
    """The join of float32 tensors along a dimension.  Raises UnsupportedError."""
    sources = [library.layout(*place, torch.float32) for place in places]
    target = library.layout(*result, torch.float32)
    pointers = (ctypes.c_void_p * len(sources))(*[source.pointer for source in sources])
    description = library.make(
        *("primitive_desc", "concat_primitive_desc_create", library.engine, target),
        *(len(sources), dim, pointers, attributes(library)),
    )
    inputs = [(SEVERAL_SOURCES + index, source) for index, source in enumerate(sources)]
    return Primitive(library, description, inputs, [], (target, *result, torch.float32))


def inner_product(
    library: OneDNN,
    shape: Sequence[int],
    weight: Tensor,
    bias: Tensor | None,
    activation: Activation | None,
    addend_shape: Sequence[int] | None = None,
    known: LaidOut | None = None,
) -> Primitive:
    """activation(x @ weightᵀ + bias + addend) of x (…, K), contiguous.

    `known`: layouts of the weight.  Raises UnsupportedError.
    """
    outputs, _ = weight.shape
    *outer, inputs = shape
    result = *outer, outputs
    adds = adds_to(addend_shape, result)
    rows = math.prod(outer)
    dtype = weight.dtype
    source = library.layout((rows, inputs), (inputs, 1), dtype)
    target = library.layout((rows, outputs), (outputs, 1), dtype)
    description = library.describe(
        "inner_product_forward_primitive_desc_create",
        FORWARD_INFERENCE,
        source,
        library.any_layout(weight.shape, dtype),
        bias_layout(library, bias),
        target,
        attributes(library, activation, target if adds else None),
    )
    return Primitive(
        library,
        description,
        [(SOURCE, source), *([(second_source(0), target)] if adds else [])],
        constants_of(library, description, weight.contiguous(), bias, known or LaidOut()),
        (target, result, dense(result), dtype),
    )


def pooling(
    library: OneDNN,
    algorithm: int,
    shape: Sequence[int],
    dtype: torch.dtype,
    size: Sequence[int],
    window: tuple[Sequence[int], Sequence[int], Sequence[int]],
    paddings: tuple[Sequence[int], Sequence[int]],
) -> Primitive:
    """The maximum or average of windows of x (N, C, H, W), channels last.

    `size`: of the result; `window`: kernel, stride and dilation; `paddings`: before and after.
    Raises UnsupportedError.
    """
    kernel, stride, dilation = window
    before, after = paddings
    result = shape[0], shape[1], *size
    source = library.layout(shape, channels_last(shape), dtype)
    target = library.layout(result, channels_last(result), dtype)
    description = library.describe(
        "pooling_forward_primitive_desc_create",
        FORWARD_INFERENCE,
        algorithm,
        source,
        target,
        *(DIMENSIONS(*numbers) for numbers in (stride, kernel, [d - 1 for d in dilation])),
        *(DIMENSIONS(*padding) for padding in paddings),
        attributes(library),
    )
    layouts = (target, result, channels_last(result), dtype)
    primitive = Primitive(library, description, [(SOURCE, source)], [], layouts)
    if algorithm != MAXIMUM and tuple(dilation) == (1, 1):
        primitive.windows = _average(algorithm, shape, size, kernel, stride, paddings)
    reach = dilation[0] * (kernel[0] - 1) + 1

    def cut(rows: Sequence[int], top: int, bottom: int) -> Primitive:
        height = windows_along(rows[2] + top + bottom, reach, stride[0])
        around = (top, before[1]), (bottom, after[1])
        return pooling(library, algorithm, rows, dtype, (height, size[1]), window, around)

    primitive.window = Window(reach, stride[0], before[0], cut)
    return primitive


def _average(
    algorithm: int,
    shape: Sequence[int],
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    paddings: tuple[Sequence[int], Sequence[int]],
) -> Windows | None:
    """The same in the terms of machine code, but for windows that end behind the padding."""
    sides = zip(shape[2:], size, kernel, stride, *paddings, strict=True)
    if any((count - 1) * s + k > n + b + a for n, count, k, s, b, a in sides):
        return None
    divisor = kernel[0] * kernel[1] if algorithm == AVERAGE else None
    pairs = [(one, other) for one, other in (size, kernel, stride, paddings[0])]
    of_result, windows, steps, before = pairs
    return Windows(tuple(shape), of_result, windows, steps, before, divisor=divisor)


def elementwise(library: OneDNN, activation: Activation, source: Handle, target: Handle) -> Handle:
    """The description of an activation by itself.  Raises UnsupportedError."""
    numbers = ctypes.c_float(activation.alpha), ctypes.c_float(activation.beta)
    return library.describe(
        "eltwise_forward_primitive_desc_create",
        *(FORWARD_INFERENCE, activation.algorithm, source, target, *numbers, attributes(library)),
    )


def activation_alone(library: OneDNN, place: Place, activation: Activation) -> Primitive:
    """The activation of float32 numbers in their place.  Raises UnsupportedError."""
    layout = library.layout(*place, torch.float32)
    description = elementwise(library, activation, layout, layout)
    return Primitive(library, description, [(SOURCE, layout)], [], (layout, *place, torch.float32))


def windows_along(size: int, reach: int, stride: int) -> int:
    """How many windows of that reach there are along one axis; `size`: padding included."""
    return (size - reach) // stride + 1


def pair(value: Pair) -> tuple[int, int]:
    """Two numbers from one or two."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def dense(shape: Sequence[int]) -> list[int]:
    """The strides of a shape whose last dimension is innermost."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def channels_last(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of (N, C, H, W) with channels innermost."""
    _, channels, height, width = shape
    return channels * height * width, 1, channels * width, channels


def attributes(
    library: OneDNN,
    activation: Activation | None = None,
    addend: Handle | None = None,
    scale: float | None = None,
    adds: bool = False,
) -> Handle:
    """What follows a computation: a factor, a sum with a tensor of that layout, an activation.

    `adds`: the result is added to what is there.
    """
    after = library.make("post_ops", "post_ops_create")
    if adds:
        numbers = ctypes.c_float(1.0), ctypes.c_int32(0), ctypes.c_int(0)
        library.call("post_ops_append_sum", after, *numbers)
    if scale is not None:
        numbers = ctypes.c_float(scale), ctypes.c_float(0.0)
        library.call("post_ops_append_eltwise", after, LINEAR, *numbers)
    if addend is not None:
        library.call("post_ops_append_binary", after, ADD, addend)
    if activation is not None:
        numbers = ctypes.c_float(activation.alpha), ctypes.c_float(activation.beta)
        library.call("post_ops_append_eltwise", after, activation.algorithm, *numbers)
    made = library.make("primitive_attr", "primitive_attr_create")
    library.call("primitive_attr_set_post_ops", made, after)
    library.call("primitive_attr_set_scratchpad_mode", made, USER_SCRATCHPAD)
    return made


def adds_to(addend_shape: Sequence[int] | None, result: Sequence[int]) -> bool:
    """Whether there is an addend.  Raises UnsupportedError if it has another shape."""
    if addend_shape is not None and tuple(addend_shape) != tuple(result):
        raise UnsupportedError("the addend has another shape than the result")
    return addend_shape is not None


def bias_layout(library: OneDNN, bias: Tensor | None) -> Handle | None:
    return None if bias is None else library.layout(bias.shape, [1], bias.dtype)


def constants_of(
    library: OneDNN, description: Handle, weight: Tensor, bias: Tensor | None, known: LaidOut
) -> list[tuple[int, Handle | ctypes.c_void_p, Tensor]]:
    """The weight laid out as the primitive wants it, which it may be already, and the bias."""
    layout = library.layout_in(description, WEIGHTS_LAYOUT)
    laid_out = known.bytes(library, layout, weight.shape, lambda: weight)
    constants: list[tuple[int, Handle | ctypes.c_void_p, Tensor]] = [(WEIGHTS, layout, laid_out)]
    if bias is not None:
        whole = bias.contiguous()
        constants.append((BIAS, library.layout(bias.shape, [1], bias.dtype), whole))
    return constants
