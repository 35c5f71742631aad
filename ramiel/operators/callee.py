"""What a torch.call may call: an entry of a closed registry that knows how it prints.

A callee is evaluated by evaluating its own printed expression, so that what is folded, what is
checked and what is generated cannot differ.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ramiel.dialects.torch import CallOp

Flops: TypeAlias = "Callable[[CallOp], int]"
"""The floating-point operations of a call, from its types and attributes."""


@dataclass(frozen=True)
class Callee:
    """One thing that generated code may say.

    `signature` is Python's: parameters take operands or literals.  A parameter annotated `list`
    takes all positional operands that are left, printed in brackets; `*name` takes them printed
    without.  Parameters before `/` are printed by position, later literals by keyword, and none
    is printed where it equals its default.
    """

    key: str
    """The name in the IR, such as "torch.nn.functional.conv2d"; also how it prints by default."""
    signature: str
    template: str | None = None
    """An idiom: "{input} + {other}"; None prints a call of the key, or of a method if the key
    begins with "Tensor."."""
    flops: Flops | None = None
    """None: one for each element of the results."""
    view: bool = False
    """The results share memory with an operand: the call moves no bytes."""
    pure: bool = True
    """False for a call whose results differ each time."""
    helper: Callable[..., Any] | str | None = None
    """The function that the generated package carries, in _operators.py, to be called.

    "resize.resize" is one in `ramiel.operators.helpers`, imported when it is needed: those files
    import torch, which takes a second.
    """

    @property
    def helper_name(self) -> str | None:
        """What the helper is called."""
        if self.helper is None or isinstance(self.helper, str):
            return self.helper and self.helper.rpartition(".")[2]
        return self.helper.__name__

    @cached_property
    def helper_function(self) -> Callable[..., Any] | None:
        """The helper itself."""
        if not isinstance(self.helper, str):
            return self.helper
        module, _, name = self.helper.rpartition(".")
        return getattr(importlib.import_module(f"ramiel.operators.helpers.{module}"), name)

    @cached_property
    def may_loop(self) -> bool:
        """Whether the helper may loop in Python: a loop stands somewhere in its file."""
        if self.helper_function is None:
            return False
        file = inspect.getsourcefile(self.helper_function)
        if file is None:
            return True
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        loops = (ast.For, ast.While, ast.comprehension)
        return any(isinstance(node, loops) for node in ast.walk(tree))

    @cached_property
    def size_parameters(self) -> Sequence[str]:
        """Parameters that take Python integers, or a tensor of them: `{name:sizes}`."""
        return re.findall(r"\{(\w+):(?:sizes|int)\}", self.template or "")

    @cached_property
    def index_parameters(self) -> Sequence[str]:
        """Parameters that are printed between the brackets of an index: `{name:index}`."""
        return re.findall(r"\{(\w+):index\}", self.template or "")

    def takes_int(self, name: str) -> bool:
        """Whether such a parameter takes one integer: `{name:int}`."""
        return f"{{{name}:int}}" in (self.template or "")

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of the signature by name."""
        # The text comes from the registry, never from a model.
        scope: dict[str, Any] = {}
        exec(f"def function({self.signature}): ...", {"list": list}, scope)
        return inspect.signature(scope["function"]).parameters

    def bind(
        self,
        positional: Sequence[Any],
        keywords: Mapping[str, Any],
        literals: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What each parameter gets.  Raises TypeError as Python would for a wrong call."""
        bound: dict[str, Any] = {}
        left = list(positional)
        for name, parameter in self.parameters.items():
            if not left:
                break
            if takes_many(parameter):
                bound[name] = Operands(left)
                left = []
            elif name not in literals and name not in keywords:
                bound[name] = left.pop(0)
        if left:
            raise TypeError(f"{self.key} takes fewer operands")
        for name, value in (*keywords.items(), *literals.items()):
            if name not in self.parameters:
                raise TypeError(f"{self.key} has no parameter {name!r}")
            if name in bound:
                raise TypeError(f"{self.key} gets {name!r} twice")
            bound[name] = value
        for name, parameter in self.parameters.items():
            optional = parameter.default is not parameter.empty or takes_many(parameter)
            if name not in bound and not optional:
                raise TypeError(f"{self.key} needs {name!r}")
        return {name: bound[name] for name in self.parameters if name in bound}


class Operands(list[Any]):
    """The operands that a `list` or `*` parameter collects."""


def takes_many(parameter: inspect.Parameter) -> bool:
    """Whether a parameter collects all operands that are left."""
    return parameter.kind is parameter.VAR_POSITIONAL or parameter.annotation is list
