from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from programs import apply, build_graph, clusters_of, computations, meanings, modules
from xdsl.dialects.builtin import IntegerAttr, ModuleOp

from ramiel.dialects.program import ProgramOperation
from ramiel.transforms.cluster import Cluster
from ramiel.transforms.merge_clusters import MergeClusters


def predicted(program: ProgramOperation) -> int:
    makespan = program.attributes.get("predicted_makespan_ns")
    return makespan.value.data if isinstance(makespan, IntegerAttr) else 0


@given(modules())
def test_unforced_merging_keeps_the_meaning_and_never_takes_longer(module: ModuleOp):
    clustered = apply(module, Cluster())
    before, operations = meanings(clustered), set(computations(clustered))
    makespan, count = predicted(clustered), len(clusters_of(clustered))
    merged = apply(module, MergeClusters())
    assert meanings(merged) == before
    assert set(computations(merged)) == operations
    assert predicted(merged) <= makespan
    assert len(clusters_of(merged)) <= count


@given(modules(), st.integers(1, 3))
def test_forced_merging_keeps_the_meaning_and_the_number(module: ModuleOp, workers: int):
    before = meanings(apply(module, Cluster()))
    merged = apply(module, MergeClusters(max_clusters=workers))
    assert meanings(merged) == before
    names = clusters_of(merged)
    assert names == [f"cluster_{index}" for index in range(len(names))]
    assert 1 <= len(names) <= workers


@given(modules())
def test_merging_again_changes_nothing(module: ModuleOp):
    once = clusters_of(apply(module, Cluster(), MergeClusters()))
    assert clusters_of(apply(module, MergeClusters())) == once


def test_all_in_one_needs_no_channel():
    steps = [([0], 10, False), ([2], 90, False), ([2], 20, False), ([3, 4], 5, False)]
    program = apply(build_graph(steps, [5]), Cluster(), MergeClusters(max_clusters=1))
    names = [op.name for op in program.walk()]
    assert not {"task.channel", "task.send", "task.recv"} & set(names)
    assert predicted(program) == 125
