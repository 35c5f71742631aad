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
from ramiel.operators.evaluation import LONGEST_LOOP, may_loop
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
        new: list[Operation] = []
        found: list[SSAValue | None] = []
        for result, value in zip(op.results, values, strict=True):
            if value is None:
                found.append(None)
                continue
            new.append(make_constant(value, store, weight_hint(op, result)))
            found.append(new[-1].results[0])
        inherit_location(op, *new)
        rewriter.replace(op, new, found)

    def _evaluate(self, op: Operation, store: WeightStore) -> list[Array | None] | None:
        """The results, None where nobody reads one; None for all if they may not be computed."""
        if any(static_shape(result.type) is None for result in op.results):
            return None
        scratch = scratch_copy(op)
        try:
            calls, outcomes = (
                lower(scratch, store) if needs_lowering(op) else ([scratch], scratch.results)
            )
        except RamielError:
            return None
        size = sum(byte_size(result.type) for result in op.results)
        given = sum(byte_size(operand.type) for operand in op.operands)
        refusal = self.budget.refusal(size, given, sum(count_flops(call) for call in calls))
        if refusal is not None:
            remark(f"not folded: {refusal}", op)
            return None
        if any(isinstance(call, CallOp) and may_loop(call) for call in calls):
            remark(f"not folded: it may loop over {LONGEST_LOOP} entries", op)
            return None
        values: dict[SSAValue, torch.Tensor] = {}
        try:
            with torch.no_grad():
                for step in (*operand_owners(scratch), *calls):
                    run_operation(step, values, store)
            results = [
                None if value is None else from_torch(values[value], result.type)
                for result, value in zip(op.results, outcomes, strict=True)
            ]
        except Exception as error:  # torch raises many kinds for what does not fit
            remark(f"not folded: {error}", op)
            return None
        self.budget.spent_bytes += size
        return results if all(map(is_as_declared, op.results, results)) else None


def operand_owners(op: Operation) -> list[Operation]:
    """The constants and weights that an operation reads, each once."""
    owners = [value.owner for value in op.operands if isinstance(value.owner, Operation)]
    return list(dict.fromkeys(owners))


def scratch_copy(op: Operation) -> Operation:
    """The operation on copies of its operands: lowering it leaves no uses behind in the graph."""
    copies: dict[SSAValue, SSAValue] = {}
    for owner in operand_owners(op):
        copies[owner.results[0]] = owner.clone().results[0]
    copy = op.clone(value_mapper=copies)
    copy.location = op.location
    return copy


def is_as_declared(result: SSAValue, value: Array | None) -> bool:
    """Whether a value has the result's element type and shape; None stands for one nobody reads."""
    if value is None:
        return not bool(result.uses)
    return type_of_array(value) == plain(result.type)


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
