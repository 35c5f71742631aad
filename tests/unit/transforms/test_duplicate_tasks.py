from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from programs import apply, build_graph, computations, meanings, modules, random_operations
from xdsl.dialects.builtin import IntegerAttr, ModuleOp

from ramiel.dialects.program import ProgramOperation
from ramiel.dialects.task import ProgramOp
from ramiel.transforms.cluster import Cluster
from ramiel.transforms.duplicate_tasks import DuplicateTasks


def figure(program: ProgramOperation, name: str) -> int:
    found = program.attributes.get(name)
    return found.value.data if isinstance(found, IntegerAttr) else 0


@given(modules(), st.sampled_from(["linear", "list", "dsc"]), st.integers(2, 3))
def test_the_same_numbers_and_never_longer(module: ModuleOp, algorithm: str, workers: int):
    before = apply(module, Cluster(algorithm, workers, message_ns=20_000))
    expected, makespan = meanings(before), figure(before, "predicted_makespan_ns")
    serial, drawn = figure(before, "predicted_serial_ns"), random_operations(before)
    after = apply(module, DuplicateTasks(message_ns=20_000))
    assert meanings(after) == expected
    assert random_operations(after) == drawn
    assert figure(after, "predicted_makespan_ns") <= makespan
    assert figure(after, "predicted_serial_ns") == serial


def test_a_fork_of_a_cheap_operation_needs_no_message():
    steps = [([0], 5_000, False), ([2], 90_000, False), ([2], 90_000, False)]
    module = build_graph(steps, [3, 4])
    program = apply(module, Cluster(), DuplicateTasks())
    assert isinstance(program, ProgramOp)
    assert not program.channels
    assert len(computations(program)) == 4
    assert figure(program, "predicted_makespan_ns") == 95_000


def test_without_costs_messages_are_free_and_nothing_is_copied():
    steps = [([0], 0, False), ([2], 0, False), ([2], 0, False)]
    module = build_graph(steps, [3, 4])
    for op in computations(apply(module)):
        del op.attributes["cost"]
    program = apply(module, Cluster(), DuplicateTasks())
    assert len(computations(program)) == 3
