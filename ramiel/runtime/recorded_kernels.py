"""Operators of PyTorch's that oneDNN computes alike, bit for bit: a recording replays them so."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .computation import Window
from .onednn import Handle, OneDNN, UnsupportedError, onednn
from .primitive import SOURCE, Primitive
from .primitives import ADD, RELU, Activation, Place, attributes, elementwise
from .windows import Windows

KEPT = 4096
SECOND = 2
MULTIPLY = 0x1FFF1
AS_WINDOWS = {
    "copy": Windows,
    "relu": functools.partial(Windows, activation="relu"),
    "add": functools.partial(Windows, adds=True),
}
"""Of an image, and the size of the result."""

Kernel: TypeAlias = tuple[Primitive, Tensor, tuple[Tensor, ...]]
"""A primitive, what it writes, and its operands."""


def kernels_of(name: str, arguments: Sequence[Any], options: Any, y: Tensor) -> list[Kernel]:
    """The primitives that write y as the operator of that name in `torch.ops.aten` does.

    Raises UnsupportedError where there are none.
    """
    made = MAKERS.get(name)
    if made is None or y.dtype != torch.float32 or y.numel() == 0:
        raise UnsupportedError(f"no primitive for {name}")
    return made(y, *arguments, **options)


def _relu(y: Tensor, x: Tensor) -> list[Kernel]:
    return [_kernel("relu", y, x)]


def _add(y: Tensor, x: Any, other: Any, *, alpha: float = 1) -> list[Kernel]:
    if alpha != 1:
        raise UnsupportedError("a factor")
    try:
        return _binary("add", y, x, other)
    except UnsupportedError:
        _check_shapes(y, x, other)
        return [_kernel("copy", y, x), _kernel("accumulate", y, other)]  # of other strides


def _multiply(y: Tensor, x: Any, other: Any) -> list[Kernel]:
    return _binary("multiply", y, x, other)


def _binary(kind: str, y: Tensor, x: Any, other: Any) -> list[Kernel]:
    _check_shapes(y, x, other)
    return [_kernel(kind, y, x, other)]


def _check_shapes(y: Tensor, *operands: Any) -> None:
    if not all(isinstance(item, Tensor) and item.shape == y.shape for item in operands):
        raise UnsupportedError("operands of other shapes")


def _cat(y: Tensor, tensors: Sequence[Tensor], dim: int = 0) -> list[Kernel]:
    """y[…, start : end, …] = tensor, for each."""
    kernels: list[Kernel] = []
    start = 0
    for tensor in tensors:
        if tensor.dim() != y.dim():
            raise UnsupportedError("an empty tensor of one dimension")
        length = tensor.shape[dim]
        if length:
            kernels.append(_kernel("copy", y.narrow(dim, start, length), tensor))
        start += length
    return kernels


def _copy(y: Tensor, x: Tensor, **_: Any) -> list[Kernel]:
    """A copy with other strides."""
    return [_kernel("copy", y, x)]


def _pad(
    y: Tensor, x: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> list[Kernel]:
    """x inside of y, and zeros in the strips around it; `pad`: the last dimension comes first."""
    if mode != "constant" or value or min(pad) < 0:
        raise UnsupportedError("no zeros")
    kernels: list[Kernel] = []
    inside = y
    for dim, (before, after) in zip(
        range(y.dim() - 1, -1, -1), zip(pad[::2], pad[1::2], strict=True), strict=False
    ):
        length = inside.shape[dim]
        for start, size in ((0, before), (length - after, after)):
            if size:
                strip = inside.narrow(dim, start, size)
                kernels.append(_kernel("copy", strip, torch.zeros_like(strip)))
        inside = inside.narrow(dim, before, length - before - after)
    return [*kernels, _kernel("copy", inside, x)]


MAKERS: dict[str, Callable[..., list[Kernel]]] = {
    "relu": _relu,
    "add": _add,
    "mul": _multiply,
    "cat": _cat,
    "clone": _copy,
    "contiguous": _copy,
    "pad": _pad,
    "constant_pad_nd": _pad,
}


def _kernel(kind: str, y: Tensor, *operands: Tensor) -> Kernel:
    tensors = [y, *operands]
    if any(tensor.dtype != y.dtype or not tensor.is_cpu for tensor in tensors):
        raise UnsupportedError("operands of other dtypes")
    places = tuple([(tensor.shape, tensor.stride()) for tensor in tensors])
    return _primitive(kind, places, torch.get_num_threads()), y, operands


@functools.lru_cache(maxsize=KEPT)
def _primitive(kind: str, places: tuple[Place, ...], threads: int) -> Primitive:
    library = onednn()
    if library is None:
        raise UnsupportedError("no oneDNN")
    target, *sources = [library.layout(*place, torch.float32) for place in places]
    if kind in ("copy", "accumulate"):
        description = _copying(library, sources[0], target, adds=kind == "accumulate")
    elif kind == "relu":
        description = elementwise(library, Activation(RELU), sources[0], target)
    else:
        algorithm = {"add": ADD, "multiply": MULTIPLY}[kind]
        description = library.describe(
            "binary_primitive_desc_create", algorithm, *sources, target, attributes(library)
        )
    inputs = list(zip((SOURCE, SECOND), sources, strict=False))
    layouts = (target, *places[0], torch.float32)
    primitive = Primitive(library, description, inputs, [], layouts, is_copy=kind == "copy")
    shapes = [shape for shape, _ in places]
    if kind in AS_WINDOWS and len(shapes[0]) == 4 and all(s == shapes[0] for s in shapes):
        image = tuple(shapes[0])
        primitive.windows = AS_WINDOWS[kind](image, (image[2], image[3]))
    if kind != "accumulate" and all(len(shape) == 4 for shape, _ in places):
        primitive.window = Window(1, 1, 0, functools.partial(_some_rows, kind, places, threads))
    return primitive


def _some_rows(
    kind: str, places: Sequence[Place], threads: int, shape: Sequence[int], _top: int, _bottom: int
) -> Primitive:
    """The same for images of another height."""
    cut = [((*whole[:2], shape[2], whole[3]), strides) for whole, strides in places]
    return _primitive(kind, tuple(cut), threads)


def _copying(library: OneDNN, source: Handle, target: Handle, adds: bool) -> Handle:
    return library.make(
        "primitive_desc",
        "reorder_primitive_desc_create",
        *(source, library.engine, target, library.engine, attributes(library, adds=adds)),
    )
