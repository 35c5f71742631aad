"""Weights that bring oneDNN's primitives with them: one for each shape and way of use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .file_pages import let_go_of_file_pages
from .laid_out import LaidOut
from .onednn import FAILURES, onednn
from .primitive import Primitive
from .primitive_convolution import convolution
from .primitive_product import Activated, linear_product, pointwise_product
from .primitive_window import depthwise
from .primitive_winograd import Winograd
from .primitives import Pair, activation_of, inner_product
from .team_computation import TeamComputation

MOST_PRIMITIVES = 16
"""For one weight: each has a copy of it."""

Kernel: TypeAlias = Primitive | Winograd | TeamComputation | Activated
Builders: TypeAlias = Sequence[Callable[..., Kernel]]
BUILDERS: Mapping[str, tuple[Builders, Builders]] = {
    "onednn": ((convolution,), (inner_product,)),
    "winograd": ((Winograd, convolution), (inner_product,)),
    "depthwise": ((depthwise, convolution), (inner_product,)),
    "product": ((pointwise_product, convolution), (linear_product, inner_product)),
}
"""What convolutions and linear layers may use, the first that there is."""


class PrimitiveWeight(torch.Tensor):
    """A weight as it was, to every operator; `convolve` and `linear` use oneDNN's primitives.

    Both return None where oneDNN has no kernel.  Threads may call them at once.
    """

    primitives: dict[Hashable, Kernel | None]
    known: LaidOut
    kernels: str

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Operators see a plain tensor, and give plain tensors."""
        with torch._C.DisableTorchFunctionSubclass():  # pyright: ignore[reportPrivateUsage]
            return func(*args, **kwargs or {})

    @staticmethod
    def of(weight: Tensor, kernels: str = "onednn") -> PrimitiveWeight:
        """The same memory as a weight with primitives.  `kernels`: of BUILDERS."""
        own = weight.as_subclass(PrimitiveWeight)
        own.primitives, own.known = {}, LaidOut.of(weight)
        own.kernels = kernels
        return own

    def convolve(
        self,
        x: Tensor,
        bias: Tensor | None,
        addend: Tensor | None,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
        *activation: Any,
    ) -> Tensor | None:
        """activation(conv2d(x, self, bias) + addend) of (N, C, H, W), with channels last.

        `activation`: its name or None, scalars and algorithm.
        """
        if not x.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        address = 0 if bias is None else bias.data_ptr()
        added = None if addend is None else (addend.shape, addend.dtype)
        window = stride, padding, dilation, groups
        key = x.shape, x.dtype, address, added, window, activation, torch.get_num_threads()
        try:
            primitive = self.primitives[key]
        except KeyError:
            primitive = self._make(
                key, BUILDERS[self.kernels][0], x, bias, addend, activation, window
            )
        if primitive is None:
            return None
        if addend is not None and not addend.is_contiguous(memory_format=torch.channels_last):
            addend = addend.contiguous(memory_format=torch.channels_last)
        return primitive(x, addend)

    def linear(
        self, x: Tensor, bias: Tensor | None, addend: Tensor | None, *activation: Any
    ) -> Tensor | None:
        """activation(x @ selfᵀ + bias + addend) of (…, K).  `activation`: as above."""
        if not x.is_contiguous():
            x = x.contiguous()
        address = 0 if bias is None else bias.data_ptr()
        added = None if addend is None else (addend.shape, addend.dtype)
        key = x.shape, x.dtype, address, added, activation, torch.get_num_threads()
        try:
            primitive = self.primitives[key]
        except KeyError:
            primitive = self._make(key, BUILDERS[self.kernels][1], x, bias, addend, activation)
        if primitive is None:
            return None
        if addend is not None and not addend.is_contiguous():
            addend = addend.contiguous()
        return primitive(x, addend)

    def _make(
        self,
        key: Hashable,
        builders: Builders,
        x: Tensor,
        bias: Tensor | None,
        addend: Tensor | None,
        activation: tuple[Any, ...],
        *window: Any,
    ) -> Kernel | None:
        """The first primitive for tensors like these, None if there is none; kept under the key."""
        primitive, library = None, onednn()
        if library is not None and self._fits(x, bias, addend):
            added = None if addend is None else addend.shape
            for build in builders:
                with contextlib.suppress(*FAILURES):
                    after = None if activation[0] is None else activation_of(*activation)
                    primitive = build(
                        *(library, x.shape, self.plain(), bias, *window, after, added, self.known)
                    )
                    break
        if primitive is not None:
            let_go_of_file_pages([self.plain()])  # it has a copy
        if len(self.primitives) >= MOST_PRIMITIVES:
            self.primitives.clear()
        self.primitives[key] = primitive
        return primitive

    def plain(self) -> Tensor:
        """The weight without its primitives."""
        return self.as_subclass(Tensor)

    def _fits(self, x: Tensor, bias: Tensor | None, addend: Tensor | None) -> bool:
        """Whether primitives are for such tensors."""
        whole = bias is None or bias.is_contiguous()
        same = x.dtype == self.dtype and (addend is None or addend.dtype == x.dtype)
        return whole and same and x.is_cpu and x.numel() > 0
