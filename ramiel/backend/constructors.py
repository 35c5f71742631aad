"""What the classes of style `module` are constructed with: widths, strides and the like.

A function stands for several modules.  A number that is not the same in all of them is a parameter
of its class; numbers that vary alike are one.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.ir import Block, SSAValue

from ramiel.backend.naming import Namespace
from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.frontend.names import identifier
from ramiel.operators.leaf_modules import Argument, Constructor, Instance, text_of
from ramiel.tensors import static_shape


@dataclass(frozen=True)
class Parameter:
    """A parameter of a class's constructor, and its value for each module."""

    name: str
    values: Sequence[Any]
    default: Any = None

    @property
    def text(self) -> str:
        """`stride: int = 1`."""
        types = dict.fromkeys(
            f"tuple[{', '.join(['int'] * len(v))}]" if isinstance(v, tuple) else type(v).__name__  # pyright: ignore[reportUnknownArgumentType]
            for v in self.values
        )
        default = "" if self.default is None else f" = {self.default!r}"
        return f"{self.name}: {' | '.join(types)}{default}"


class Instances:
    """The modules that each function stands for; those inside others counted for each of them."""

    def __init__(self, graph: GraphOp, functions: Sequence[FunctionOp]) -> None:
        self.of: dict[str, list[Instance]] = {f.sym_name.data: [] for f in functions}
        self.paths: dict[str, list[str]] = {f.sym_name.data: [] for f in functions}
        self.made: dict[tuple[int, InvokeOp], int] = {}
        """The number of the instance that an invocation is, by where it stands."""
        weights = {op.result: static_shape(op.result.type) for op in _weights(graph)}
        shapes: dict[SSAValue, tuple[int, ...]] = {
            v: s for v, s in weights.items() if s is not None
        }
        self.root = Instance(shapes, {})
        self._visit(graph, 0, self.root, "")

    def _visit(
        self, owner: GraphOp | FunctionOp, number: int, instance: Instance, prefix: str
    ) -> None:
        for op in owner.block.ops:
            if not isinstance(op, InvokeOp):
                continue
            function = op.callee
            passed = zip(function.weights, op.weights, strict=True)
            shapes = {v: instance.shapes[w] for v, w in passed if w in instance.shapes}
            numbers = [n if isinstance(n, int) else instance.numbers[n] for n in op.numbers]
            inner = Instance(shapes, dict(zip(function.numbers, numbers, strict=True)))
            known = self.of[function.sym_name.data]
            self.made[number, op] = len(known)
            known.append(inner)
            path = prefix + op.module.data
            self.paths[function.sym_name.data].append(path)
            self._visit(function, len(known) - 1, inner, f"{path}.")


def module_paths(blocks: Sequence[Block], functions: Sequence[FunctionOp]) -> dict[str, list[str]]:
    """The modules that each function stands for where blocks invoke them."""
    found: dict[str, list[str]] = {f.sym_name.data: [] for f in functions}

    def visit(block: Block, prefix: str) -> None:
        for op in block.ops:
            if isinstance(op, InvokeOp):
                path = prefix + op.module.data
                found[op.callee.sym_name.data].append(path)
                visit(op.callee.block, f"{path}.")

    for block in blocks:
        visit(block, "")
    return found


def _weights(graph: GraphOp) -> list[WeightOp]:
    return [op for op in graph.walk() if isinstance(op, WeightOp)]


class ClassParameters:
    """The parameters of one class, found while its children are printed."""

    def __init__(self) -> None:
        self.given: Sequence[int] = ()
        """The places of the settings that forward is given."""
        self.slots: list[tuple[str, Argument, tuple[Any, ...]]] = []
        self.found: dict[Hashable, Parameter] = {}

    def add(self, path: str, constructors: Sequence[Constructor]) -> None:
        """A child, as it is constructed in each of the modules."""
        rows = zip(*(constructor.arguments for constructor in constructors), strict=True)
        for row in rows:
            values = tuple(argument.value for argument in row)
            if any(value != values[0] for value in values):
                self.slots.append((path, row[0], values))

    def name_all(self) -> None:
        """Give the parameters their names, and put those with a default last."""
        namespace = Namespace()
        namespace.taken.add("self")
        once: dict[tuple[Any, ...], tuple[str, Argument]] = {}
        for path, argument, values in self.slots:
            once.setdefault(values, (path, argument))
        names = [argument.name for _, argument in once.values()]
        for values, (path, argument) in once.items():
            name = argument.name
            if names.count(name) > 1:
                name = identifier(f"{path}_{re.sub('^out_', '', name)}")
            default = argument.default if argument.default in values else None
            self.found[values] = Parameter(namespace.fresh(name), values, default)
        last = sorted(self.found.items(), key=lambda item: item[1].default is not None)
        self.found = dict(last)

    @property
    def parameters(self) -> Sequence[Parameter]:
        """All of them, in order."""
        return list(self.found.values())

    def text(self, constructors: Sequence[Constructor]) -> str:
        """The expression that constructs a child, from parameters where they are needed."""
        names: dict[str, str] = {}
        for index, argument in enumerate(constructors[0].arguments):
            values = tuple(constructor.arguments[index].value for constructor in constructors)
            if values in self.found:
                names[argument.name] = self.found[values].name
        return text_of(constructors[0], names)


def invocation_arguments(parameters: Sequence[Parameter], instance: int) -> list[Argument]:
    """What a class is constructed with for one of its modules."""
    return [Argument(p.name, p.values[instance], p.default) for p in parameters]
