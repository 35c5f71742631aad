"""The stretches of a cluster between its messages, as functions that torch.compile can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue
from xdsl.traits import is_side_effect_free

from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.onnx import StringType
from ramiel.dialects.task import ClusterOp, OutputOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.tensors import element_of, static_shape

TORCH_COMPILE = "torch_compile"
"""The attribute of a program whose stretches are compiled."""
LEAST = 2
"""Calls below which there is nothing to fuse."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive calls of a cluster, none of which waits."""

    name: str
    operations: Sequence[Operation]

    @property
    def inputs(self) -> list[SSAValue]:
        """What it reads that is computed before it, weights aside."""
        own = {result for op in self.operations for result in op.results}
        read = dict.fromkeys(value for op in self.operations for value in op.operands)
        return [
            value
            for value in read
            if value not in own and not isinstance(value.owner, WeightOp | PrepareOp)
        ]

    @property
    def outputs(self) -> list[SSAValue]:
        """What it computes that is read after it."""
        inside = set(self.operations)
        return [
            result
            for op in self.operations
            for result in op.results
            if any(use.operation not in inside for use in result.uses)
        ]


def stretches_of(cluster: ClusterOp) -> list[Stretch]:
    """The stretches in their order: of calls on tensors of known shapes, without effects."""
    runs: list[list[Operation]] = [[]]
    for op in cluster.block.ops:
        if isinstance(op, WeightOp | PrepareOp | OutputOp):
            continue
        if _is_compilable(op):
            runs[-1].append(op)
        elif runs[-1]:
            runs.append([])
    long = [run for run in runs if sum(isinstance(op, CallOp) for op in run) >= LEAST]
    name = cluster.sym_name.data
    return [Stretch(f"{name}_stretch_{index}", run) for index, run in enumerate(long)]


def _is_compilable(op: Operation) -> bool:
    if isinstance(op, ConstantOp):
        return True
    if not isinstance(op, CallOp) or not is_side_effect_free(op):
        return False
    return all(_is_tensor(value) for value in (*op.operands, *op.results))


def _is_tensor(value: SSAValue) -> bool:
    known = static_shape(value.type) is not None
    return known and not isinstance(element_of(value.type), StringType)
