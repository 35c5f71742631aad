from __future__ import annotations

import pytest
from graphs import inception, messages, random_graph, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling import merging
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

FREE = MessageCost(0)


def test_side_branches_of_different_modules_share_workers():
    graph = inception(9)
    clusters = linear_clusters(graph)
    merged = merge_clusters(graph, clusters, FREE)
    assert (len(clusters), len(merged)) == (28, 4)
    assert simulate(graph, merged, FREE).makespan == simulate(graph, clusters, FREE).makespan


def test_a_chain_cut_in_two_is_joined_and_its_message_saved():
    graph = TaskGraph([10, 20], [(0, 1, 0)])
    assert merge_clusters(graph, [[0], [1]], MessageCost(5)) == [[0, 1]]


def test_the_worker_that_has_the_data_is_preferred():
    # 2 and 3 start when 0 and 1 are done; 2 reads 1, 3 reads 0.
    graph = TaskGraph([10, 10, 10, 10], [(1, 2, 0), (0, 3, 0)])
    merged = merge_clusters(graph, [[0], [1], [2], [3]], MessageCost(5))
    assert merged == [[0, 3], [1, 2]]


def test_forced_merging_balances_the_load():
    graph = TaskGraph([40, 30, 20, 10])
    merged = merge_clusters(graph, [[0], [1], [2], [3]], FREE, max_clusters=2)
    assert simulate(graph, merged, FREE).makespan == 60


def test_forced_merging_of_a_graph_too_large_for_trials(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(merging, "TRIAL_TASKS", 0)
    graph = TaskGraph([40, 30, 20, 10])
    merged = merge_clusters(graph, [[0], [1], [2], [3]], FREE, max_clusters=2)
    assert simulate(graph, merged, FREE).makespan == 50


def test_more_workers_than_clusters_is_no_constraint():
    assert merge_clusters(TaskGraph([1, 1]), [[0], [1]], FREE, max_clusters=9) == [[0], [1]]


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers(workers: int):
    with pytest.raises(ValueError, match="at least one cluster"):
        merge_clusters(TaskGraph([1]), [[0]], FREE, workers)


@given(task_graphs(), messages())
def test_unforced_merging_never_takes_longer(graph: TaskGraph, message: MessageCost):
    clusters = linear_clusters(graph)
    merged = merge_clusters(graph, clusters, message)
    assert sorted(task for tasks in merged for task in tasks) == list(range(len(graph)))
    assert len(merged) <= len(clusters)
    before, after = simulate(graph, clusters, message), simulate(graph, merged, message)
    assert after.makespan <= before.makespan


@given(task_graphs(), messages())
def test_merging_ends_in_a_fixed_point(graph: TaskGraph, message: MessageCost):
    merged = merge_clusters(graph, linear_clusters(graph), message)
    spans = simulate(graph, merged, message).spans
    for index, (start, end) in enumerate(spans):
        for other_start, other_end in spans[index + 1 :]:
            takes_no_time = start == end or other_start == other_end
            assert takes_no_time or (start < other_end and other_start < end)
    assert len(merge_clusters(graph, merged, message)) == len(merged)


@given(task_graphs(), messages(), st.integers(1, 4), st.booleans())
def test_forced_merging_keeps_to_its_number(
    graph: TaskGraph, message: MessageCost, workers: int, large: bool
):
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr(merging, "TRIAL_TASKS", 0)
        merged = merge_clusters(graph, linear_clusters(graph), message, workers)
    assert len(merged) <= workers
    assert sorted(task for tasks in merged for task in tasks) == list(range(len(graph)))
    simulate(graph, merged, message)  # raises if the orders could deadlock


@given(task_graphs(), messages(), st.integers(1, 3))
def test_unforced_merging_never_takes_longer_on_a_machine(
    graph: TaskGraph, message: MessageCost, cores: int
):
    machine = Machine(cores, slowdown=(1.0, 1.2, 2.0), message=message, send_ns=1, receive_ns=1)
    clusters = linear_clusters(graph)
    merged = merge_clusters(graph, clusters, message, machine=machine)
    assert len(merged) <= len(clusters)
    before = simulate(graph, clusters, machine=machine)
    assert simulate(graph, merged, machine=machine).makespan <= before.makespan


def test_forced_merging_on_a_machine_leaves_a_core_idle_rather_than_slow_both_down():
    # 60 beside 50 + 10: both cores busy all the time; 60 + 10 beside 50: for 50 only.
    graph = TaskGraph([60, 50, 10])
    plain = merge_clusters(graph, [[0], [1], [2]], FREE, max_clusters=2)
    assert sorted(map(sorted, plain)) == [[0], [1, 2]]
    machine = Machine(cores=2, slowdown=(1.0, 3.0), message=FREE)
    slowed = merge_clusters(graph, [[0], [1], [2]], FREE, 2, machine)
    assert sorted(map(sorted, slowed)) == [[0, 2], [1]]
    assert simulate(graph, slowed, machine=machine).makespan == 170


def test_clusters_are_in_the_order_of_their_start():
    graph = random_graph(500)
    merged = merge_clusters(graph, linear_clusters(graph))
    start = simulate(graph, merged).start
    firsts = [start[tasks[0]] for tasks in merged]
    assert firsts == sorted(firsts)
