"""The geometry that convolutions and poolings share: kernel, strides, dilations and padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import callee

callee(
    "operators.pad_same",
    "x, kernel, stride, dilation, upper, value=0.0",
    helper="sliding_window.pad_same",
)


@dataclass(frozen=True)
class Window:
    """One entry for each spatial dimension; `same` is "upper" or "lower" where the padding
    depends on sizes that are not known when compiling."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    same: str = ""

    @property
    def rank(self) -> int:
        """The number of spatial dimensions."""
        return len(self.kernel)

    @property
    def symmetric(self) -> bool:
        """Whether PyTorch's `padding` can say the padding."""
        return not self.same and self.before == self.after and min(self.before, default=0) >= 0

    @property
    def padded(self) -> bool:
        """Whether there is any padding."""
        return bool(self.same) or any(self.before) or any(self.after)

    @property
    def extent(self) -> tuple[int, ...]:
        """What a window spans: the dilated kernel."""
        return tuple(
            (size - 1) * step + 1 for size, step in zip(self.kernel, self.dilation, strict=True)
        )

    def unpadded(self) -> Window:
        """The same window without padding."""
        zeros = (0,) * self.rank
        return replace(self, before=zeros, after=zeros, same="")


def collapse(values: Sequence[int]) -> int | list[int]:
    """One number where all dimensions have the same, as PyTorch's functions take it."""
    return values[0] if len(set(values)) == 1 else list(values)


def window_of(op: OnnxOperation, emit: Emitter, x: SSAValue, kernel: Sequence[int]) -> Window:
    """The window of a Conv or a pooling on x.  Raises Unsupported if its ranks disagree."""
    # The kernel tells the rank where the input's type does not.
    dims = tensors.dims_of(x.type)
    rank = len(kernel) if dims is None else len(dims) - 2
    if len(kernel) != rank:
        emit.refuse(f"has a kernel of {len(kernel)} dimensions for {rank} spatial ones")
    ones, zeros = [1] * rank, [0] * (2 * rank)
    has_dilations = "dilations" in op.SCHEMA.attributes
    stride = op.integers("strides") or ones
    dilation = (op.integers("dilations") if has_dilations else None) or ones
    pads = op.integers("pads") or zeros
    if len(stride) != rank or len(dilation) != rank or len(pads) != 2 * rank:
        emit.refuse("has strides, dilations or pads of another rank than its kernel")
    if min(stride, default=1) < 1 or min(dilation, default=1) < 1:
        emit.refuse("needs positive strides and dilations")
    window = Window(
        tuple(kernel), tuple(stride), tuple(dilation), tuple(pads[:rank]), tuple(pads[rank:])
    )
    has_auto_pad = "auto_pad" in op.SCHEMA.attributes
    match op.text("auto_pad", "NOTSET") if has_auto_pad else "NOTSET":
        case "NOTSET" | "":
            return window
        case "VALID":
            return window.unpadded()
        case "SAME_UPPER":
            return _same(window, x, "upper")
        case "SAME_LOWER":
            return _same(window, x, "lower")
        case other:
            emit.refuse(f"has the unknown auto_pad {other!r}")


def _same(window: Window, x: SSAValue, where: str) -> Window:
    """Padding for ceil(size / stride) results: with known sizes, or stride 1, plain numbers."""
    dims = tensors.dims_of(x.type)
    sizes = [""] * window.rank if dims is None else dims[2:]
    before: list[int] = []
    after: list[int] = []
    for size, stride, extent in zip(sizes, window.stride, window.extent, strict=True):
        if isinstance(size, int):
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
        elif stride == 1:
            total = extent - 1
        else:
            return replace(window.unpadded(), same=where)
        small, large = total // 2, total - total // 2
        before.append(small if where == "upper" else large)
        after.append(large if where == "upper" else small)
    return replace(window, before=tuple(before), after=tuple(after))


def pad_input(
    emit: Emitter, x: SSAValue, window: Window, value: float | int = 0
) -> tuple[SSAValue, Window]:
    """x with the padding that PyTorch's `padding` cannot say, and the window that is left."""
    if window.symmetric:
        return x, window
    if window.same:
        options: dict[str, Any] = {} if value == 0 else {"value": value}
        x = emit(
            "operators.pad_same",
            x,
            kernel=list(window.kernel),
            stride=list(window.stride),
            dilation=list(window.dilation),
            upper=window.same == "upper",
            **options,
        )
        return x, window.unpadded()
    return pad_explicitly(emit, x, window.before, window.after, value), window.unpadded()


def pad_explicitly(
    emit: Emitter,
    x: SSAValue,
    before: Sequence[int],
    after: Sequence[int],
    value: float | int = 0,
) -> SSAValue:
    """x with its last dimensions padded by `before` and `after`, negative numbers crop."""
    if not any(before) and not any(after):
        return x
    ends = [end for pair in zip(reversed(before), reversed(after), strict=True) for end in pair]
    return emit("torch.nn.functional.pad", x, pad=ends, value=None if value == 0 else value)
