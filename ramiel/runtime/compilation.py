"""`@compiled`: a stretch of a cluster between two messages, through torch.compile.

It is compiled when it is first called, in its cluster's thread and for the threads that has, its
weights frozen: seconds to minutes, once a process.  torch.compile needs a C++ compiler.
"""

from __future__ import annotations

import functools
import importlib
import threading
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from .weights import Weights

Stretch: TypeAlias = Callable[..., Any]
_lock = threading.Lock()  # torch.compile is not made for several threads at once
KEPT = 8
"""Compiled forms of one stretch that are kept, for other weights, modes and threads."""


def compiled(function: Stretch) -> Stretch:
    """`function(*tensors, w)`, compiled at its first call; as it is where that cannot be."""
    forms: list[_Form] = []

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        *tensors, w = arguments
        if not can_compile():
            return function(*arguments)
        mode = _mode_of(tensors)
        with torch.no_grad():
            for form in forms:
                if form.fits(mode, w):
                    return form.run(*tensors)
            with _lock:
                form = _Form(function, mode, tensors, w)
                results = form.run_first(tensors)
            forms.append(form)
            del forms[:-KEPT]
            return results

    return call


@functools.cache
def can_compile() -> bool:
    """Whether there is a C++ compiler; a warning if there is none."""
    try:
        builder: Any = importlib.import_module("torch._inductor.cpp_builder")
        builder.get_cpp_compiler()
    except Exception as error:
        warnings.warn(
            "compiled with --torch-compile, which needs a C++ compiler when the model runs, and "
            f"there is none (the environment variable CXX names one): {type(error).__name__}; "
            "its operators run one by one instead",
            stacklevel=3,
        )
        return False
    return True


def _mode_of(tensors: Sequence[Tensor]) -> tuple[Any, ...]:
    """What torch.compile would compile again for, beside shapes, which do not change."""
    inference = tuple(tensor.is_inference() for tensor in tensors)
    return torch.get_num_threads(), torch.is_inference_mode_enabled(), inference


class _Recorder(Weights):
    """Weights that remember which of them were read."""

    def __init__(self, w: Weights) -> None:
        super().__init__(w)
        self.read: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        self.read[name] = super().__getitem__(name)
        return self.read[name]


class _Form:
    """A stretch compiled for one set of weights, one mode and one number of threads."""

    def __init__(
        self, function: Stretch, mode: tuple[Any, ...], tensors: Sequence[Tensor], w: Weights
    ) -> None:
        self.mode = mode
        recorder = _Recorder(w)
        function(*tensors, recorder)
        self.read = recorder.read
        module = _module(function, self.read)
        self.run: Stretch = torch.compile(module, fullgraph=True, dynamic=False)

    def fits(self, mode: tuple[Any, ...], w: Weights) -> bool:
        """Whether it computes the same in this mode, with these weights."""
        return self.mode == mode and all(w[name] is it for name, it in self.read.items())

    def run_first(self, tensors: Sequence[Tensor]) -> Any:
        """Compile, and run: with the weights as constants of the program."""
        config: Any = importlib.import_module("torch._inductor.config")
        with config.patch(freezing=True):
            return self.run(*tensors)


def _module(function: Stretch, weights: dict[str, Tensor]) -> nn.Module:
    """The stretch as a module: torch.compile freezes what is a module's."""

    def forward(self: Any, *tensors: Tensor) -> Any:
        return function(*tensors, dict(zip(self.names, self.weights, strict=True)))

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.names = tuple(weights)
            with torch.inference_mode(False):
                given = [nn.Parameter(tensor, requires_grad=False) for tensor in weights.values()]
            self.weights = nn.ParameterList(given)

    # torch.compile counts forms by code object: each stretch gets one of its own.
    code = forward.__code__.replace(co_name=f"forward_{function.__name__}")
    own = types.FunctionType(code, forward.__globals__, code.co_name, None, forward.__closure__)
    Module.forward = own
    return Module().eval()
