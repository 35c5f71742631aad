"""Dataflow graphs for the tests of the scheduling passes, and what their outputs mean."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeAlias

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, TensorType, f32
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects import syntax
from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.program import ProgramOperation
from ramiel.dialects.task import ChannelOp, ProgramOp, RecvOp
from ramiel.dialects.task import OutputOp as TaskOutputOp

TENSOR = TensorType(f32, [4])
Expression: TypeAlias = tuple[object, ...]
Step: TypeAlias = tuple[Sequence[int], int, bool]
"""Which earlier values an operation adds up, its cost, and whether it is random."""


def build_graph(steps: Sequence[Step], outputs: Sequence[int]) -> ModuleOp:
    """A module with a graph of sums: value 0 is the argument, 1 a weight, 2 the first step's."""
    add = operation_class("Sum")
    draw = operation_class("RandomNormalLike")
    assert add is not None and draw is not None
    graph = GraphOp("g", FunctionType.from_lists([TENSOR], [TENSOR] * len(outputs)))
    weight = WeightOp("w", TENSOR)
    graph.block.add_op(weight)
    values: list[SSAValue] = [graph.block.args[0], weight.result]
    for number, (operands, cost, is_random) in enumerate(steps):
        inputs = [values[operand % len(values)] for operand in operands]
        op = draw.build(inputs[:1], [TENSOR]) if is_random else add.build(inputs, [TENSOR])
        op.attributes["cost"] = syntax.to_attribute([cost])
        op.results[0].name_hint = f"step{number}_"
        graph.block.add_op(op)
        values.append(op.results[0])
    graph.block.add_op(OutputOp([values[output % len(values)] for output in outputs]))
    return ModuleOp([graph])


@st.composite
def modules(draw: st.DrawFn, max_steps: int = 12) -> ModuleOp:
    """Modules with one graph of any shape; some operations are random, some values unused."""
    steps = draw(
        st.lists(
            st.tuples(
                st.lists(st.integers(0, 20), min_size=1, max_size=3),
                st.integers(0, 30_000),
                st.integers(0, 5).map(lambda number: number == 0),
            ),
            max_size=max_steps,
        )
    )
    return build_graph(steps, draw(st.lists(st.integers(0, 20), max_size=4)))


def large_module(operations: int) -> ModuleOp:
    """A long graph in which each operation reads two of the fifty before it."""
    generator = random.Random(0)
    steps: list[Step] = []
    for number in range(operations):
        operands = [max(0, number + 1 - generator.randrange(50)) for _ in range(2)]
        steps.append((operands, generator.randrange(1_000, 100_000), False))
    return build_graph(steps, [operations + 1])


def apply(module: ModuleOp, *passes: ModulePass) -> ProgramOperation:
    """Run passes, verify after each, and return the one program."""
    for each in passes:
        each.apply(Context(), module)
        module.verify()
    (program,) = module.ops
    assert isinstance(program, ProgramOperation)
    return program


def meanings(program: ProgramOperation) -> list[Expression]:
    """The expression of each output: operators applied to arguments and weights.

    Messages mean what is sent; a random operation, which has an identity, its position among
    the random ones, which is also its order.
    """
    known: dict[SSAValue, Expression] = {}
    drawn = {op: number for number, op in enumerate(random_operations(program))}

    def meaning(value: SSAValue) -> Expression:
        if value not in known:
            known[value] = resolve(value)
        return known[value]

    def resolve(value: SSAValue) -> Expression:
        if isinstance(value, BlockArgument):
            return ("argument", value.index)
        op = value.owner
        assert isinstance(op, Operation)
        if isinstance(op, WeightOp):
            return ("weight", op.weight_name.data)
        if isinstance(op, RecvOp):
            channel = op.channel.owner
            assert isinstance(channel, ChannelOp)
            return meaning(channel.send.value)
        return (op.name, drawn.get(op), *(meaning(operand) for operand in op.operands))

    if isinstance(program, GraphOp):
        return [meaning(value) for value in program.output.values]
    written = [op for op in program.walk() if isinstance(op, TaskOutputOp)]
    return [meaning(op.value) for op in sorted(written, key=lambda op: op.position)]


def random_operations(program: ProgramOperation) -> list[Operation]:
    """The random operations, in order; asserts that one cluster has them all."""
    found = [op for op in program.walk() if op.name == "onnx.RandomNormalLike"]
    assert len({op.parent for op in found}) <= 1
    return found


def computations(program: ProgramOperation) -> list[Operation]:
    """The operations that compute."""
    names = ("onnx.Sum", "onnx.RandomNormalLike")
    return [op for op in program.walk() if op.name in names]


def clusters_of(program: ProgramOperation) -> list[str]:
    """The names of the clusters."""
    assert isinstance(program, ProgramOp)
    return [cluster.sym_name.data for cluster in program.clusters]
