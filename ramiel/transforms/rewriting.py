"""Rewrite patterns on the dataflow graph: written as functions, applied to each graph of a module.

    @rewrites("onnx.Identity")
    def drop_identity(match: Match) -> None:
        \"\"\"Identity(x) = x\"\"\"
        match.replace_by(match.op.input(0))

Replacing carries the source location and the result's name, which xDSL drops, and keeps what the
old type knew of the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, OpResult, SSAValue
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from ramiel import element_types, tensors
from ramiel.dialects.dataflow import ConstantOp, GraphOp, WeightOp
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.syntax import Literal
from ramiel.errors import RamielError
from ramiel.frontend.names import identifier
from ramiel.locations import inherit_location
from ramiel.operators.emitter import INLINE_ELEMENTS
from ramiel.tensors import Array
from ramiel.transforms.lowering import MALFORMED, label
from ramiel.transforms.result_types import refresh_result_types
from ramiel.transforms.type_inference import constant_value, infer_result_types, refined, set_type
from ramiel.weights import WeightStore


class Match:
    """One onnx operation that a pattern looks at, and the means to replace it."""

    def __init__(self, op: OnnxOperation, rewriter: PatternRewriter, store: WeightStore) -> None:
        self.op = op
        self.rewriter = rewriter
        self.store = store
        self.made: list[Operation] = []

    def constant(self, value: SSAValue | None) -> Array | None:
        """The operand's value if it is known when compiling and small, else None."""
        return constant_value(value, self.store)

    def integers(self, value: SSAValue | None) -> list[int] | None:
        """The elements of a constant integer operand, None if it is absent or not constant."""
        array = self.constant(value)
        if array is None or array.dtype.kind not in "iu":
            return None
        return [int(item) for item in array.reshape(-1)]

    def is_empty(self, value: SSAValue | None) -> bool:
        """Whether the operand is a tensor without elements."""
        shape = None if value is None else tensors.static_shape(value.type)
        return shape is not None and 0 in shape

    def insert(self, op: Operation) -> Sequence[SSAValue]:
        """Put an operation before the matched one, under its location."""
        inherit_location(self.op, op)
        self.made.append(op)
        self.rewriter.insert(op, InsertPoint.before(self.op))
        return op.results

    def tensor(self, array: Array, hint: str = "constant") -> SSAValue:
        """A tensor known when compiling: in the text if it is small, else a weight."""
        op = make_constant(array, self.store, hint)
        op.results[0].name_hint = identifier(hint, "constant")
        return self.insert(op)[0]

    def onnx(
        self,
        operator: str,
        *inputs: SSAValue | None,
        type: Attribute | None = None,
        **attributes: Literal | Attribute,
    ) -> SSAValue:
        """Insert the newest form of an operator; its type is inferred unless it is given."""
        cls = operation_class(operator)
        assert cls is not None
        given = {name: value for name, value in attributes.items() if value is not None}
        element = next(value for value in inputs if value is not None).type
        op = cls.build(inputs, [type or element], given)
        if type is None:
            [inferred] = infer_result_types(op, self.store)
            unranked = tensors.tensor_type(tensors.element_of(element) or element, None)
            set_type(op.results[0], inferred or unranked)
        return self.insert(op)[0]

    def unsqueeze(self, value: SSAValue, axes: Sequence[int]) -> SSAValue:
        """Insert an Unsqueeze."""
        return self.onnx("Unsqueeze", value, self.tensor(np.array(axes, np.int64), "axes"))

    def dtype(self, value: SSAValue) -> np.dtype[Any]:
        """The element type of a value, as a numpy dtype."""
        return element_types.of_mlir(tensors.element_of(value.type) or value.type).numpy

    def scalar_like(self, number: float, value: SSAValue, hint: str) -> SSAValue:
        """A 0-d tensor with the element type of another value."""
        return self.tensor(np.array(number, self.dtype(value)), hint)

    def replace_by(self, *values: SSAValue | None) -> None:
        """Let the values take the place of the operation's results: None for one nobody reads."""
        settled: list[SSAValue | None] = []
        for result, value in zip(self.op.results, values, strict=True):
            # Block arguments keep the type that their graph declares.
            if isinstance(value, OpResult):
                made_here = value.op in self.made
                value = set_type(value, refined(result.type, value.type))
                if made_here and result.name_hint:
                    value.name_hint = result.name_hint
            settled.append(value)
        self.rewriter.replace(self.op, [], settled)

    def become(
        self,
        operator: str,
        inputs: Sequence[SSAValue | None],
        *,
        without: Sequence[str] = (),
        results: int | None = None,
        **attributes: Attribute | Literal,
    ) -> None:
        """Let the newest form of an operator take the operation's place.

        It has the same results (the first `results` if the others are not read), the same graphs,
        and the same attributes except those in `without`, and with `attributes` besides.
        """
        op = self.op
        cls = operation_class(operator)
        assert cls is not None
        types = [None if slot is None else slot.type for slot in op.outputs][:results]
        given: dict[str, Attribute | Literal] = {
            name: op.properties[name]
            for name in op.SCHEMA.attributes
            if name in op.properties and name not in without
        }
        given.update({name: value for name, value in attributes.items() if value is not None})
        regions = [op.detach_region(region) for region in list(op.regions)]
        graphs = dict(zip(op.GRAPH_NAMES, regions, strict=True))
        new = cls.build(inputs, types, given, graphs)
        new.attributes.update(op.attributes)
        self.insert(new)
        for old, result in zip(op.results, new.results, strict=False):
            result.name_hint = old.name_hint
        left = len(op.results) - len(new.results)
        self.rewriter.replace(op, [], [*new.results, *[None] * left])


Rewrite: TypeAlias = "Callable[[Match], None]"


class OnnxPattern(RewritePattern):
    """A function on matches as an xDSL pattern, for the operations of some names."""

    def __init__(self, names: Sequence[str], function: Rewrite) -> None:
        self.names = frozenset(names)
        self.function = function
        self.module = function.__module__
        self.__doc__ = function.__doc__

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if op.name in self.names and isinstance(op, OnnxOperation):
            try:
                self.function(Match(op, rewriter, graph_of(op).store))
            except VerifyException as error:
                raise RamielError(f"{label(op)}: {error}") from error
            except MALFORMED as error:
                raise RamielError(f"{label(op)} contradicts itself: {error!r:.200}") from error


def rewrites(*names: str) -> Callable[[Rewrite], OnnxPattern]:
    """Make a pattern of a function that rewrites operations of these names."""
    return lambda function: OnnxPattern(names, function)


def patterns_of(module: ModuleType) -> list[RewritePattern]:
    """The patterns that a Python module defines, in their order."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, OnnxPattern) and value.module == module.__name__
    ]


def graph_of(op: Operation) -> GraphOp:
    """The graph that an operation stands in, however deep."""
    parent = op.parent_op()
    while not isinstance(parent, GraphOp):
        assert parent is not None
        parent = parent.parent_op()
    return parent


def make_constant(array: Array, store: WeightStore, hint: str) -> Operation:
    """A dataflow.constant for a small tensor of numbers, else a new weight named after `hint`."""
    if array.size <= INLINE_ELEMENTS and array.dtype.kind in "biuf":
        return ConstantOp(tensors.to_dense(array))
    return WeightOp(store.add(hint, array), tensors.type_of_array(array))


def apply_patterns(
    module: ModuleOp, patterns: Sequence[RewritePattern], *, remove_dead: bool = False
) -> None:
    """Apply patterns to each graph of a module until none matches.

    Raises RamielError if a pattern does.
    """
    walker = PatternRewriteWalker(
        GreedyRewritePatternApplier(list(patterns), dce_enabled=remove_dead)
    )
    for graph in module.ops:
        if not isinstance(graph, GraphOp):
            continue
        try:
            walker.rewrite_region(graph.body)
        except DiagnosticException as error:
            # xDSL wraps what a pattern raises into a print of the whole module.
            if isinstance(error.__cause__, RamielError):
                raise error.__cause__ from None
            raise
        refresh_result_types(graph)
