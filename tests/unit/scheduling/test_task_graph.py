from __future__ import annotations

import pytest
from graphs import task_graphs
from hypothesis import given

from ramiel.scheduling.task_graph import MessageCost, TaskGraph, cluster_of_each


def test_edges_are_kept_from_both_ends():
    graph = TaskGraph([1, 2, 3], [(0, 1, 10), (0, 2, 20), (1, 2, 30)])
    assert graph.successors == [[1, 2], [2], []]
    assert graph.sent_bytes == [[10, 20], [30], []]
    assert graph.predecessors == [[], [0], [0, 1]]
    assert graph.received_bytes == [[], [10], [20, 30]]


def test_parallel_edges_become_one():
    graph = TaskGraph([1, 1], [(0, 1, 10), (0, 1, 5)])
    assert graph.successors == [[1], []]
    assert graph.sent_bytes == [[15], []]


def test_costs_per_width():
    graph = TaskGraph([(1200, 700), 5])
    assert graph.costs == [1200, 5]
    assert graph.costs_per_width == [(1200, 700), (5,)]


def test_the_order_keeps_the_numbering_where_it_can():
    assert TaskGraph([1, 1, 1], [(0, 2, 0)]).order == [0, 1, 2]
    assert TaskGraph([1, 1, 1], [(2, 0, 0)]).order == [1, 2, 0]


@given(task_graphs())
def test_the_order_is_topological(graph: TaskGraph):
    position = {task: index for index, task in enumerate(graph.order)}
    assert sorted(position) == list(range(len(graph)))
    for task, readers in enumerate(graph.successors):
        assert all(position[task] < position[reader] for reader in readers)


@pytest.mark.parametrize(
    ("costs", "edges", "message"),
    [
        (
            [1, 1, 1],
            [(0, 1, 0), (1, 2, 0), (2, 1, 0)],
            "the graph has a cycle: 2 -> 1 -> 2|1 -> 2 -> 1",
        ),
        ([1], [(0, 0, 0)], "the graph has a cycle: 0 -> 0"),
        ([3, -1], [], "task 1 has the negative cost -1"),
        ([3, (5, -2)], [], "task 1 has the negative cost -2"),
        ([()], [], "task 0 has no cost"),
        ([1], [(0, 1, 0)], "edge 0 -> 1 in a graph of 1 tasks"),
        ([1, 1], [(0, 1, -4)], "edge 0 -> 1 carries -4 bytes"),
    ],
)
def test_bad_graphs(costs: list[int], edges: list[tuple[int, int, int]], message: str):
    with pytest.raises(ValueError, match=message):
        TaskGraph(costs, edges)


def test_message_cost():
    assert MessageCost(100, 0.5).of(30) == 115
    assert MessageCost().of(1_000_000) == 10_000
    with pytest.raises(ValueError, match="less than nothing"):
        MessageCost(-1)


def test_each_task_is_in_one_cluster():
    graph = TaskGraph([1, 1])
    assert cluster_of_each(graph, [[1], [], [0]]) == [2, 0]
    with pytest.raises(ValueError, match="task 0 is in two clusters"):
        cluster_of_each(graph, [[0], [0, 1]])
    with pytest.raises(ValueError, match="task 1 is in no cluster"):
        cluster_of_each(graph, [[0]])
