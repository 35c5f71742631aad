from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx
from graphs import random_graph, task_graphs
from hypothesis import given

from ramiel.scheduling.critical_path import critical_path, critical_path_length, distances_to_end
from ramiel.scheduling.task_graph import TaskGraph

untyped_networkx: Any = networkx


def test_a_diamond_by_hand():
    graph = TaskGraph([10, 30, 20, 20], [(0, 1, 0), (0, 2, 0), (1, 3, 0), (2, 3, 0)])
    assert distances_to_end(graph) == [60, 50, 40, 20]
    assert critical_path(graph) == [0, 1, 3]


def test_of_equal_paths_the_smallest_numbers():
    graph = TaskGraph([1, 5, 5, 1], [(0, 1, 0), (0, 2, 0), (1, 3, 0), (2, 3, 0)])
    assert critical_path(graph) == [0, 1, 3]


def test_an_empty_graph():
    assert critical_path(TaskGraph([])) == []
    assert critical_path_length(TaskGraph([])) == 0


def longest_path_by_networkx(graph: TaskGraph) -> int:
    """networkx weighs edges: an edge weighs what its consumer costs, one from a source all."""
    oracle = untyped_networkx.DiGraph()
    for task, cost in enumerate(graph.costs):
        oracle.add_edge("source", task, weight=cost)
        for source in graph.predecessors[task]:
            oracle.add_edge(source, task, weight=cost)
    return untyped_networkx.dag_longest_path_length(oracle) if len(graph) else 0


@given(task_graphs())
def test_length_against_networkx(graph: TaskGraph):
    assert critical_path_length(graph) == longest_path_by_networkx(graph)


def test_length_against_networkx_on_a_large_graph():
    graph = random_graph(3_000)
    assert critical_path_length(graph) == longest_path_by_networkx(graph)


@given(task_graphs(max_tasks=9))
def test_distances_against_every_path(graph: TaskGraph):
    def longest(task: int) -> int:
        return graph.costs[task] + max(map(longest, graph.successors[task]), default=0)

    assert distances_to_end(graph) == [longest(task) for task in range(len(graph))]


@given(task_graphs())
def test_the_critical_path_is_a_path_of_that_length(graph: TaskGraph):
    path = critical_path(graph)
    assert sum(graph.costs[task] for task in path) == critical_path_length(graph)
    for task, reader in pairwise(path):
        assert reader in graph.successors[task]
