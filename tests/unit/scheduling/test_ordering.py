from __future__ import annotations

from typing import Any

import networkx
from graphs import messages, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.ordering import order_by_priority, order_by_time
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

untyped_networkx: Any = networkx


def spread(graph: TaskGraph, owners: list[int]) -> Clusters:
    """Tasks to clusters as the numbers say, in no order that makes sense."""
    clusters: Clusters = [[] for _ in range(4)]
    for task in reversed(range(len(graph))):
        clusters[owners[task % len(owners)]].append(task)
    return clusters


OWNERS = st.lists(st.integers(0, 3), min_size=1, max_size=14)


def test_critical_path_first():
    # All are ready; 2 has the longest way to go.
    graph = TaskGraph([1, 1, 1, 9], [(2, 3, 0)])
    assert order_by_priority(graph, [[0, 1, 2], [3]]) == [[2, 0, 1], [3]]


def test_what_has_arrived_does_not_wait_for_what_is_urgent():
    # 1 is urgent, but its data need 10; 2 is there at once.
    graph = TaskGraph([10, 50, 5], [(0, 1, 0)])
    assert order_by_priority(graph, [[0], [1, 2]], MessageCost(0)) == [[0], [2, 1]]


@given(task_graphs(), OWNERS, messages())
def test_orders_are_parts_of_one_topological_order(
    graph: TaskGraph, owners: list[int], message: MessageCost
):
    clusters = spread(graph, owners)
    ordered = order_by_priority(graph, clusters, message)
    assert [sorted(tasks) for tasks in ordered] == [sorted(tasks) for tasks in clusters]
    together = untyped_networkx.DiGraph()
    for tasks in ordered:
        untyped_networkx.add_path(together, tasks)
    for task, readers in enumerate(graph.successors):
        together.add_edges_from((task, reader) for reader in readers)
    assert untyped_networkx.is_directed_acyclic_graph(together)


@given(task_graphs(), OWNERS, messages())
def test_sorting_by_its_own_times_changes_no_time(
    graph: TaskGraph, owners: list[int], message: MessageCost
):
    ordered = order_by_priority(graph, spread(graph, owners), message)
    timeline = simulate(graph, ordered, message)
    again = simulate(graph, order_by_time(graph, ordered, timeline), message)
    assert (again.start, again.end) == (timeline.start, timeline.end)
