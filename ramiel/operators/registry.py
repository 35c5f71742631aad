"""The two tables that operators fill: what ONNX operators mean, and what code may call.

A family file registers both:

    callee("torch.relu", "input")

    @meaning("Relu")
    def relu(op: OnnxOperation, emit: Emitter) -> Values:
        return emit("torch.relu", op.input(0))

An extension names a module in the entry-point group `ramiel.operators`; importing it registers.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeAlias

from ramiel.operators.callee import Callee, Flops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xdsl.ir import Operation, SSAValue

    from ramiel.dialects.onnx_operation import OnnxOperation
    from ramiel.operators.emitter import Emitter

Values: TypeAlias = "SSAValue | Sequence[SSAValue | None]"
Meaning: TypeAlias = "Callable[[OnnxOperation, Emitter], Values]"


FAMILIES = (
    "integers",
    "elementwise",
    "casting",
    "comparison",
    "bitwise",
    "activation",
    "softmax",
    "convolution",
    "pooling",
    "normalization",
    "linear",
    "reduction",
    "along_axis",
    "shape",
    "padding",
    "slicing",
    "indexing",
    "image_blocks",
    "recurrent",
    "resize",
    "detection",
    "attention",
    "generator",
    "randomness",
    "window",
    "spectral",
    "loss",
    "quantization",
    "sequence",
    "text",
    "ngrams",
    "encoding",
    "features",
    "trees",
    "optimizers",
    "control_flow",
    "kernels",
    "microsoft.activation",
    "microsoft.normalization",
    "microsoft.matmul",
    "microsoft.attention",
    "microsoft.quantization",
    "microsoft.tensor",
)

STRINGS = "ai.onnx on strings"
"""The domain of meanings for tensors of strings: in the generated code these are NumPy arrays."""

_callees: dict[str, Callee] = {}
_meanings: dict[tuple[str, str, int], Any] = {}
_lowerings: dict[str, Any] = {}


def callee(
    key: str,
    signature: str,
    template: str | None = None,
    *,
    flops: Flops | None = None,
    view: bool = False,
    pure: bool = True,
    helper: Callable[..., Any] | str | None = None,
) -> None:
    """Register what a torch.call may call.  Raises ValueError if the key is taken."""
    if key in _callees:
        raise ValueError(f"callee {key!r} is registered twice")
    _callees[key] = Callee(key, signature, template, flops, view, pure, helper)


def meaning(*operators: str, domain: str = "", since: int = 0) -> Callable[[Meaning], Meaning]:
    """Register what ONNX operators mean in PyTorch, from a since-version of theirs on.

    `since=0` covers every version that has no entry of its own.
    """

    def register(function: Meaning) -> Meaning:
        for operator in operators:
            key = (domain, operator, since)
            if key in _meanings:
                raise ValueError(f"a meaning of {operator} is registered twice")
            _meanings[key] = function
        return function

    return register


def lowering(name: str) -> Callable[[Any], Any]:
    """Register what an operation of another dialect means in PyTorch, by its full name."""

    def register(function: Any) -> Any:
        _lowerings[name] = function
        return function

    return register


@functools.cache
def load() -> None:
    """Import the families and the extensions, each of which registers what it has."""
    for family in FAMILIES:
        importlib.import_module(f"ramiel.operators.{family}")
    for entry in sorted(entry_points(group="ramiel.operators"), key=lambda item: item.name):
        entry.load()


def find_callee(key: str) -> Callee | None:
    """The callee of a key, None if there is none."""
    load()
    return _callees.get(key)


def find_meaning(domain: str, operator: str, version: int) -> Meaning | None:
    """The meaning of an operator: the newest entry at or below its since-version."""
    load()
    for since in range(version, -1, -1):
        if (domain, operator, since) in _meanings:
            return _meanings[domain, operator, since]
    return None


def find_lowering(op: Operation) -> Any | None:
    """The lowering of an operation of an extension's dialect, None if there is none."""
    load()
    return _lowerings.get(op.name)


def callees() -> list[Callee]:
    """All callees, by key."""
    load()
    return [_callees[key] for key in sorted(_callees)]


def meanings() -> list[tuple[str, str, int]]:
    """All (domain, operator, since) that have a meaning."""
    load()
    return sorted(_meanings)
