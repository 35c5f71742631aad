from __future__ import annotations

import pytest
from graphs import task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.cloning import CloningLimits, plan_cloning
from ramiel.scheduling.task_graph import TaskGraph

LIMITS = CloningLimits(max_cost=5, max_copies=3)


def test_one_copy_for_each_reader_but_the_first():
    graph = TaskGraph([5, 90, 90, 90], [(0, 1, 4), (0, 2, 4), (0, 3, 4)])
    assert plan_cloning(graph, LIMITS).copies == [2, 0, 0, 0]


def test_copies_of_readers_are_readers():
    graph = TaskGraph([1, 1, 90, 90], [(0, 1, 4), (1, 2, 4), (1, 3, 4)])
    assert plan_cloning(graph, LIMITS).copies == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (TaskGraph([1, 9, 9, 9, 9, 9], [(0, i, 4) for i in range(1, 6)]), "it has 5 readers"),
        (
            TaskGraph([9, 9, 1, 9, 9], [(0, 2, 4), (1, 2, 4), (2, 3, 9), (2, 4, 9)]),
            "several messages",
        ),
        (TaskGraph([9, 1, 9, 9], [(0, 1, 8), (1, 2, 4), (1, 3, 4)]), "more bytes than it writes"),
    ],
)
def test_what_is_refused(graph: TaskGraph, reason: str):
    plan = plan_cloning(graph, LIMITS)
    assert not any(plan.copies)
    assert [reason in text for text in plan.refused.values()] == [True]


def test_fixed_and_dear_tasks_stay():
    graph = TaskGraph([1, 90, 90], [(0, 1, 4), (0, 2, 4)])
    assert plan_cloning(graph, LIMITS, fixed={0}).refused == {0: "it may have side effects"}
    dear = TaskGraph([6, 90, 90], [(0, 1, 4), (0, 2, 4)])
    assert plan_cloning(dear, LIMITS).copies == [0, 0, 0]


def test_bad_limits():
    with pytest.raises(ValueError, match="cannot be negative"):
        CloningLimits(max_copies=-1)


@given(task_graphs(), st.integers(0, 20), st.integers(0, 5))
def test_limits_are_kept(graph: TaskGraph, max_cost: int, max_copies: int):
    plan = plan_cloning(graph, CloningLimits(max_cost, max_copies))
    for task, copies in enumerate(plan.copies):
        assert 0 <= copies <= max_copies
        assert copies == 0 or graph.costs[task] <= max_cost
