from __future__ import annotations

import pytest
from graphs import messages, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.parallelism import makespan_bound, measure_parallelism
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph


def test_a_diamond_by_hand():
    graph = TaskGraph([10, 30, 20, 20], [(0, 1, 0), (0, 2, 0), (1, 3, 0), (2, 3, 0)])
    measured = measure_parallelism(graph)
    assert (measured.nodes, measured.total_cost, measured.critical_path) == (4, 80, 60)
    assert measured.parallelism == pytest.approx(80 / 60)
    assert makespan_bound(graph, 1) == 80
    assert makespan_bound(graph, 2) == 60


def test_nothing_has_no_parallelism():
    assert measure_parallelism(TaskGraph([])).parallelism == 1.0


def test_the_bound_rounds_up():
    assert makespan_bound(TaskGraph([1, 1, 1]), 2) == 2


def test_the_bound_lets_tasks_be_wide():
    graph = TaskGraph([(100, 60), (100, 60)], [(0, 1, 0)])
    assert makespan_bound(graph, 1) == 200
    assert makespan_bound(graph, 2) == 120
    assert makespan_bound(TaskGraph([(100, 40)] * 3), 2) == 120  # 2 · 40 is less work than 100


@pytest.mark.parametrize("workers", [0, -3])
def test_no_workers(workers: int):
    with pytest.raises(ValueError, match="at least one worker"):
        makespan_bound(TaskGraph([1]), workers)


@given(task_graphs(), messages(), st.integers(1, 4))
def test_no_schedule_is_below_the_bound(graph: TaskGraph, message: MessageCost, workers: int):
    merged = merge_clusters(graph, linear_clusters(graph), message, workers)
    assert simulate(graph, merged, message).makespan >= makespan_bound(graph, workers)
