from __future__ import annotations

from itertools import pairwise

from graphs import inception, random_graph, task_graphs
from hypothesis import given

from ramiel.scheduling.critical_path import critical_path_length
from ramiel.scheduling.linear_clustering import keep_together, linear_clusters
from ramiel.scheduling.task_graph import TaskGraph


def test_the_critical_path_comes_first():
    clusters = linear_clusters(inception(2))
    assert clusters[0] == [0, 1, 5, 6, 10]
    assert clusters[1:] == [[2], [3], [4], [7], [8], [9]]


def test_nine_modules_of_four_branches_are_twenty_eight_clusters():
    assert len(linear_clusters(inception(9))) == 28


def test_a_cluster_goes_on_behind_a_task_that_is_taken():
    # 0 -> 1 -> 2 is critical; 3 reads 0 and is read by 4, which 2 does not need.
    graph = TaskGraph([5, 5, 5, 1, 1], [(0, 1, 0), (1, 2, 0), (0, 3, 0), (3, 4, 0)])
    assert linear_clusters(graph) == [[0, 1, 2], [3, 4]]


def test_ties_are_broken_by_number():
    graph = TaskGraph([1, 1, 1], [(0, 1, 0), (0, 2, 0)])
    assert linear_clusters(graph) == [[0, 1], [2]]


@given(task_graphs())
def test_each_task_once_and_each_cluster_a_path(graph: TaskGraph):
    clusters = linear_clusters(graph)
    assert sorted(task for tasks in clusters for task in tasks) == list(range(len(graph)))
    for tasks in clusters:
        assert all(then in graph.successors[first] for first, then in pairwise(tasks))


@given(task_graphs())
def test_the_first_cluster_is_a_critical_path(graph: TaskGraph):
    clusters = linear_clusters(graph)
    if clusters:
        length = sum(graph.costs[task] for task in clusters[0])
        assert length == critical_path_length(graph)


def test_the_same_graph_gives_the_same_clusters():
    assert linear_clusters(random_graph(2_000)) == linear_clusters(random_graph(2_000))


def test_a_long_chain_is_one_cluster():
    tasks = 50_000
    graph = TaskGraph([1] * tasks, [(task, task + 1, 0) for task in range(tasks - 1)])
    assert linear_clusters(graph) == [list(range(tasks))]


def test_a_group_is_kept_together():
    assert keep_together([[0, 1], [2], [3, 4]], [2, 3]) == [[0, 1], [2, 3], [4]]
    assert keep_together([[0, 1], [2]], [1, 2]) == [[0, 1, 2]]
    assert keep_together([[0]], []) == [[0]]
