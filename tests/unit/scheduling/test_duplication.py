"""Copies of tasks where their results are waited for, never at the price of a longer schedule."""

from __future__ import annotations

import time

import pytest
from graphs import messages, random_graph, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling import duplication
from ramiel.scheduling.algorithms import ALGORITHMS, schedule
from ramiel.scheduling.duplication import Duplication, duplicate_tasks
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph


def makespan(found: Duplication, message: MessageCost) -> int:
    return simulate(found.graph, found.clusters, message).makespan


def test_a_cheap_task_with_a_large_result_runs_twice():
    # 0 takes 10, its result 100 to another worker; 1 and 2 read it and take 50 each.
    graph = TaskGraph([10, 50, 50], [(0, 1, 100), (0, 2, 100)])
    message = MessageCost(0, 1.0)
    found = duplicate_tasks(graph, [[0, 1], [2]], message)
    assert simulate(graph, [[0, 1], [2]], message).makespan == 160
    assert makespan(found, message) == 60
    assert found.originals == [0, 1, 2, 0]
    assert found.clusters == [[0, 1], [3, 2]]


def test_a_chain_is_copied_as_a_whole():
    graph = TaskGraph([10, 10, 50, 50], [(0, 1, 100), (1, 2, 100), (1, 3, 100)])
    found = duplicate_tasks(graph, [[0, 1, 2], [3]], MessageCost(0, 1.0))
    assert found.originals == [0, 1, 2, 3, 0, 1]
    assert makespan(found, MessageCost(0, 1.0)) == 70


def test_equal_critical_paths_need_a_copy_each():
    graph = TaskGraph([10, 50, 50, 50], [(0, task, 100) for task in (1, 2, 3)])
    found = duplicate_tasks(graph, [[0, 1], [2], [3]], MessageCost(0, 1.0))
    assert makespan(found, MessageCost(0, 1.0)) == 60
    assert sorted(found.originals) == [0, 0, 0, 1, 2, 3]


def test_what_nobody_waits_for_long_is_not_copied():
    graph = TaskGraph([10, 50, 5], [(0, 1, 1), (0, 2, 1)])
    assert duplicate_tasks(graph, [[0, 1], [2]], MessageCost(20)).originals == [0, 1, 2]


def test_a_copy_that_busy_cores_make_dearer_than_the_message_is_not_made():
    # 3 waits for the message until 150; behind 2 a copy of 0 would end at 140, but if all
    # takes half as long again at 210, and the message comes at 195.
    graph = TaskGraph([90, 50, 50, 50], [(0, 1, 0), (0, 3, 0)])
    clusters = [[0, 1], [2, 3]]
    message = MessageCost(60)
    assert duplicate_tasks(graph, clusters, message).originals == [0, 1, 2, 3, 0]
    machine = Machine(cores=2, slowdown=(1.0, 1.5), message=message)
    found = duplicate_tasks(graph, clusters, message, machine=machine)
    assert found.originals == [0, 1, 2, 3]
    assert found.graph.costs == graph.costs


def test_a_task_whose_readers_are_all_elsewhere_moves():
    graph = TaskGraph([10, 20, 50], [(0, 2, 100)])
    found = duplicate_tasks(graph, [[0, 1], [2]], MessageCost(0, 1.0))
    assert found.clusters == [[0], [2, 1]]
    assert found.originals == [1, 2, 0]
    kept = duplicate_tasks(graph, [[0, 1], [2]], MessageCost(0, 1.0), kept=[0])
    assert sorted(kept.originals) == [0, 0, 1, 2]


@pytest.mark.parametrize("options", [{"fixed": [0]}, {"max_copies": 0}])
def test_fixed_tasks_and_no_copies_allowed(options: dict[str, int]):
    graph = TaskGraph([10, 50, 50], [(0, 1, 100), (0, 2, 100)])
    found = duplicate_tasks(graph, [[0, 1], [2]], MessageCost(0, 1.0), **options)  # pyright: ignore[reportArgumentType]
    assert found.originals == [0, 1, 2]


def test_a_negative_number_of_copies():
    with pytest.raises(ValueError, match="max-copies must be at least 0, not -1"):
        duplicate_tasks(TaskGraph([1]), [[0]], max_copies=-1)


@given(
    task_graphs(),
    messages(),
    st.sampled_from(sorted(ALGORITHMS)),
    st.integers(2, 4),
    st.integers(0, 3),
    st.sets(st.integers(0, 13)),
    st.sets(st.integers(0, 13)),
    st.booleans(),
)
def test_never_longer_and_every_task_runs_with_its_data(
    graph: TaskGraph,
    message: MessageCost,
    algorithm: str,
    workers: int,
    max_copies: int,
    fixed: set[int],
    kept: set[int],
    large: bool,
):
    clusters = schedule(algorithm, graph, message, workers)
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr(duplication, "TASKS_PER_CHANGE", 4)
        found = duplicate_tasks(graph, clusters, message, max_copies, fixed, kept)
    before, after = simulate(graph, clusters, message).makespan, makespan(found, message)
    where = [sorted(found.originals[item] for item in tasks) for tasks in found.clusters]
    changed = where != [sorted(tasks) for tasks in clusters]
    assert after < before if changed else after == before
    for task in range(len(graph)):
        runs = found.originals.count(task)
        assert 1 <= runs <= (1 if task in fixed else 1 + max_copies)
    for task, sources in enumerate(found.graph.predecessors):
        original = found.originals[task]
        assert sorted(found.originals[source] for source in sources) == graph.predecessors[original]
    for cluster in found.clusters:
        tasks = [found.originals[task] for task in cluster]
        assert len(set(tasks)) == len(tasks)
    for task in kept:
        if task < len(graph):
            home = next(i for i, tasks in enumerate(clusters) if task in tasks)
            assert task in [found.originals[item] for item in found.clusters[home]]


def test_twenty_thousand_tasks():
    graph, message = random_graph(20_000), MessageCost(10_000, 100.0)
    clusters = schedule("list", graph, message, 8)
    began = time.process_time()
    found = duplicate_tasks(graph, clusters, message)
    assert time.process_time() - began < 10
    assert makespan(found, message) <= simulate(graph, clusters, message).makespan
