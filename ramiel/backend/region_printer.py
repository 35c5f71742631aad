"""Control flow as Python: `if`, `for` and `while` with their regions, an operation a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from xdsl.ir import Block, Operation, SSAValue

from ramiel.backend.naming import Names
from ramiel.backend.source import Source
from ramiel.dialects.dataflow import OutputOp, WeightOp
from ramiel.dialects.torch_control import IfOp, LoopOp, WhileOp, yielded
from ramiel.transforms.task_graph import values_read

DEEPEST = 8
"""Regions deeper than this become functions: Python nests 20 loops at most."""
INDENT = 4

PrintStatement: TypeAlias = "Callable[[Operation, int], None]"


class RegionPrinter:
    """Prints the control flow of one cluster; other operations are printed by `statement`."""

    def __init__(self, source: Source, names: Names, statement: PrintStatement) -> None:
        self.source = source
        self.names = names
        self.statement = statement
        self.functions: list[tuple[str, IfOp | LoopOp, list[str]]] = []
        """What stood too deep: name, operation and parameters."""

    def print(self, op: IfOp | LoopOp, indent: int) -> None:
        """Print an operation with its regions."""
        if indent > DEEPEST * INDENT:
            self._call_function(op, indent)
        elif isinstance(op, IfOp):
            self._if(op, indent)
        else:
            self._loop(op, indent)

    def print_functions(self) -> None:
        """Print what stood too deep, after the function that it is part of."""
        while self.functions:
            name, op, parameters = self.functions.pop(0)
            self.source.add("", "")
            self.source.statement(f"def {name}({', '.join(parameters)}):", 0, op)
            results = [self.names[result] for result in op.results]
            if isinstance(op, IfOp):
                self._if(op, INDENT)
            else:
                self._loop(op, INDENT)
            self.source.statement(f"return {', '.join(results)}", INDENT, op)

    def _call_function(self, op: IfOp | LoopOp, indent: int) -> None:
        name = self.names.namespace.fresh(f"{self.names[op.results[0]]}_part")
        captured = [v for v in values_read(op) if not isinstance(v.owner, WeightOp)]
        parameters = list(dict.fromkeys([*(self.names[value] for value in captured), "w"]))
        self.functions.append((name, op, parameters))
        targets = ", ".join(self.names[result] for result in op.results)
        self.source.statement(f"{targets} = {name}({', '.join(parameters)})", indent, op)

    def _block(self, block: Block, indent: int) -> None:
        for op in block.ops:
            if not isinstance(op, OutputOp | WeightOp):
                self.statement(op, indent)

    def _assign(
        self, targets: Sequence[SSAValue], values: Sequence[SSAValue], indent: int, op: Operation
    ) -> None:
        """All at once, since a value may be another target's old one."""
        pairs = [
            (self.names[target], self.names[value])
            for target, value in zip(targets, values, strict=True)
            if self.names[target] != self.names[value]
        ]
        if pairs:
            left = ", ".join(target for target, _ in pairs)
            right = ", ".join(value for _, value in pairs)
            self.source.statement(f"{left} = {right}", indent, op)

    def _if(self, op: IfOp, indent: int) -> None:
        self.source.statement(f"if {self.names[op.condition]}:", indent, op)
        self._branch(op, op.then_region.block, indent)
        header = len(self.source.lines)
        self.source.statement("else:", indent)
        before = len(self.source.lines)
        self._branch(op, op.else_region.block, indent)
        if self.source.lines[before:] == [" " * (indent + INDENT) + "pass"]:
            del self.source.lines[header:]

    def _branch(self, op: IfOp, block: Block, indent: int) -> None:
        before = len(self.source.lines)
        self._block(block, indent + INDENT)
        read = [
            (result, value)
            for result, value in zip(op.results, yielded(block), strict=True)
            if result.uses
        ]
        self._assign([r for r, _ in read], [v for _, v in read], indent + INDENT, op)
        if len(self.source.lines) == before:
            self.source.add(" " * (indent + INDENT) + "pass")

    def _loop(self, op: LoopOp, indent: int) -> None:
        for target, value in zip(op.state, op.carried, strict=True):
            self._assign([target], [value], indent, op)
        for items in op.lists:
            self.source.statement(f"{self.names[items]} = []", indent, op)
        index = self.names[op.index]
        counts = isinstance(op, WhileOp) and (op.index.uses or self._limit(op) is not None)
        if counts:
            self.source.statement(f"{index} = 0", indent, op)
        self.source.statement(self._header(op), indent, op)
        inner, before = indent + INDENT, len(self.source.lines)
        self._block(op.block, inner)
        for items, value in zip(op.lists, op.collected, strict=True):
            self.source.statement(f"{self.names[items]}.append({self.names[value]})", inner, op)
        self._assign(op.state, op.next_state, inner, op)
        if counts:
            self.source.statement(f"{index} += 1", inner, op)
        if len(self.source.lines) == before:
            self.source.add(" " * inner + "pass")

    def _limit(self, op: LoopOp) -> str | None:
        if op.limit is not None:
            return self.names[op.limit]
        return None if op.count is None else str(op.count)

    def _header(self, op: LoopOp) -> str:
        limit, index = self._limit(op), self.names[op.index]
        if not isinstance(op, WhileOp):
            return f"for {index if op.index.uses else '_'} in range({limit}):"
        condition = self.names[op.state[0]]
        return (
            f"while {condition}:" if limit is None else f"while {condition} and {index} < {limit}:"
        )
