"""`constant-fold`: operations on constants are evaluated when compiling, within a budget.

An operation is lowered to torch.calls in a scratch block and these are run, so a folded value
cannot differ from what the generated code would compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.traits import is_side_effect_free

from ramiel.dialects.dataflow import ConstantOp, Immediate, WeightOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.errors import RamielError
from ramiel.frontend.names import identifier
from ramiel.locations import inherit_location
from ramiel.operators.interpreter import run_operation
from ramiel.remarks import remark
from ramiel.tensors import Array, byte_size, element_of, from_torch, static_shape, type_of_array
from ramiel.transforms.budgets import MEBIBYTE, Budget
from ramiel.transforms.infer_shapes import infer_operation
from ramiel.transforms.lowering import lower, needs_lowering
from ramiel.transforms.rewriting import apply_patterns, graph_of, make_constant
from ramiel.weight_files import programs, weight_names
from ramiel.weights import WeightStore


@dataclass(frozen=True)
class ConstantFold(ModulePass):
    """Op(constant, …) -> constant, or a new weight if it has more than 16 elements.

    Never folded: operators that hold graphs or are random, results of unknown size, operators
    without a meaning in PyTorch, and what exceeds a limit (a remark says which).
    """

    name = "constant-fold"

    max_result_bytes: int = 256 * MEBIBYTE
    max_total_bytes: int = 1024 * MEBIBYTE
    max_flops: int = 10**10
    max_seconds: int = 60

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        budget = Budget(
            self.max_result_bytes, self.max_total_bytes, self.max_flops, self.max_seconds
        )
        before = {id(program): set(program.store.overlay) for program in programs(op)}
        apply_patterns(op, [FoldConstants(budget)], remove_dead=True)
        for program in programs(op):
            made = set(program.store.overlay) - before[id(program)]
            for name in made.difference(weight_names(program)):
                del program.store.overlay[name]


class FoldConstants(RewritePattern):
    """Op(c₁, c₂, …) = the value that it computes"""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.refused: set[Operation] = set()

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if op in self.refused or not is_foldable(op):
            return
        store = graph_of(op).store
        if isinstance(op, OnnxOperation):
            # Operands that were folded just now may tell the shape.
            infer_operation(op, store)
        values = self._evaluate(op, store)
        if values is None:
            self.refused.add(op)
            return
        hints = [weight_hint(op, result) for result in op.results]
        new = [make_constant(v, store, hint) for v, hint in zip(values, hints, strict=True)]
        inherit_location(op, *new)
        rewriter.replace(op, new, [constant.results[0] for constant in new])

    def _evaluate(self, op: Operation, store: WeightStore) -> list[Array] | None:
        """The results, None if they cannot or may not be computed."""
        if any(static_shape(result.type) is None for result in op.results):
            return None
        try:
            calls, outcomes = lower(op, store) if needs_lowering(op) else ([op], op.results)
        except RamielError:
            return None
        size = sum(byte_size(result.type) for result in op.results)
        given = sum(byte_size(operand.type) for operand in op.operands)
        refusal = self.budget.refusal(size, given, sum(count_flops(call) for call in calls))
        if refusal is not None:
            remark(f"not folded: {refusal}", op)
            return None
        values: dict[SSAValue, torch.Tensor] = {}
        try:
            with torch.no_grad():
                for operand in op.operands:
                    assert isinstance(operand.owner, Operation)
                    run_operation(operand.owner, values, store)
                for call in calls:
                    run_operation(call, values, store)
            results = [from_torch(values[value]) for value in outcomes if value is not None]
        except (RamielError, RuntimeError, ValueError, IndexError, TypeError, KeyError) as error:
            remark(f"not folded: {error}", op)
            return None
        self.budget.spent_bytes += size
        types = [type_of_array(array) for array in results]
        return results if types == [plain(result.type) for result in op.results] else None


def plain(type: Attribute) -> Attribute | None:
    """The tensor type without anything beside element type and shape, None if it is not static."""
    shape, element = static_shape(type), element_of(type)
    return None if shape is None or element is None else TensorType(element, shape)


def is_foldable(op: Operation) -> bool:
    """Whether all that the operation reads is known, and it does nothing but compute."""
    return (
        bool(op.results)
        and not op.regions
        and not op.has_trait(Immediate)
        and (isinstance(op, CallOp) or needs_lowering(op))
        and is_side_effect_free(op)
        and all(isinstance(operand.owner, ConstantOp | WeightOp) for operand in op.operands)
    )


def count_flops(op: Operation) -> int:
    """The floating-point operations of a torch.call: one for each element unless it says more."""
    if not isinstance(op, CallOp) or op.callee.view:
        return 0
    if op.callee.flops is not None:
        return op.callee.flops(op)
    shapes: Sequence[tuple[int, ...]] = [static_shape(result.type) or () for result in op.results]
    return sum(prod(shape) for shape in shapes)


def weight_hint(op: Operation, result: SSAValue) -> str:
    """What a folded weight is called: after the one weight it is made of, else after its result.

    Transpose("fc.weight") becomes "fc.weight_transpose".
    """
    names = [
        operand.owner.weight_name.data
        for operand in op.operands
        if isinstance(operand.owner, WeightOp)
    ]
    kind = op.operator.lower() if isinstance(op, OnnxOperation) else "folded"
    if len(names) == 1:
        return f"{names[0]}_{kind}"
    return result.name_hint or identifier(kind)
