from __future__ import annotations

from hypothesis import given
from programs import apply, build_graph, computations, meanings, modules
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from ramiel.transforms.clone import Clone
from ramiel.transforms.cluster import Cluster
from ramiel.transforms.merge_clusters import MergeClusters


@given(modules())
def test_cloning_keeps_the_meaning(module: ModuleOp):
    before = meanings(apply(module))
    assert meanings(apply(module, Clone(max_cost=30_000))) == before
    assert meanings(apply(module, Cluster(), MergeClusters(max_clusters=2))) == before


@given(modules())
def test_cse_keeps_the_copies(module: ModuleOp):
    apply(module, DeadCodeElimination(), CommonSubexpressionElimination())
    copied = computations(apply(module, Clone(max_cost=30_000)))
    assert computations(apply(module, CommonSubexpressionElimination())) == copied


def test_a_copied_operation_has_at_most_one_reader_left():
    steps = [([0], 100, False), *[([2], 50_000, False)] * 3]
    graph = apply(build_graph(steps, [3, 4, 5]), Clone())
    assert len(computations(graph)) == 6
    assert all(len(list(op.results[0].uses)) == 1 for op in computations(graph))


def test_random_operations_are_never_copied():
    steps = [([0], 100, True), *[([2], 50_000, False)] * 3]
    graph = apply(build_graph(steps, [3, 4, 5]), Clone())
    assert len(computations(graph)) == 4
