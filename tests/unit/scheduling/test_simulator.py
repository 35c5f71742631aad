from __future__ import annotations

import pytest
from graphs import messages, task_graphs
from hypothesis import given

from ramiel.scheduling.critical_path import critical_path_length
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

DIAMOND = TaskGraph([10, 30, 20, 20], [(0, 1, 0), (0, 2, 4), (1, 3, 0), (2, 3, 4)])


def test_a_diamond_by_hand():
    timeline = simulate(DIAMOND, [[0, 1, 3], [2]], MessageCost(5, 0.5))
    assert timeline.start == [0, 10, 17, 44]  # the message of 4 bytes takes 7
    assert timeline.end == [10, 40, 37, 64]
    assert timeline.makespan == 64
    assert timeline.serial == 80
    assert timeline.spans == [(0, 64), (17, 37)]
    assert timeline.busy == [60, 20]
    assert timeline.idle == [4, 44]
    assert (timeline.messages, timeline.message_bytes) == (2, 8)


def test_one_message_for_several_readers_in_a_cluster():
    graph = TaskGraph([1, 1, 1], [(0, 1, 8), (0, 2, 8)])
    timeline = simulate(graph, [[0], [1, 2]], MessageCost(0))
    assert (timeline.messages, timeline.message_bytes) == (1, 8)


def test_a_worker_waits_in_its_order():
    graph = TaskGraph([10, 1, 1], [(0, 1, 0)])
    assert simulate(graph, [[0], [1, 2]], MessageCost(0)).makespan == 12
    assert simulate(graph, [[0], [2, 1]], MessageCost(0)).makespan == 11


def test_a_deadlock_is_named():
    graph = TaskGraph([1, 1, 1, 1], [(0, 1, 0), (2, 3, 0)])
    with pytest.raises(ValueError, match=r"deadlock: tasks \[3, 1\] .* wait for each other"):
        simulate(graph, [[3, 0], [1, 2]])


def test_nothing_takes_no_time():
    timeline = simulate(TaskGraph([]), [])
    assert (timeline.makespan, timeline.serial) == (0, 0)
    assert simulate(TaskGraph([3]), [[], [0]]).busy == [0, 3]


@given(task_graphs())
def test_free_messages_and_a_worker_per_task_take_the_critical_path(graph: TaskGraph):
    alone = [[task] for task in range(len(graph))]
    assert simulate(graph, alone, MessageCost(0)).makespan == critical_path_length(graph)


@given(task_graphs())
def test_one_worker_takes_the_sum(graph: TaskGraph):
    assert simulate(graph, [graph.order]).makespan == sum(graph.costs)


@given(task_graphs(), messages())
def test_every_task_starts_when_worker_and_data_are_there(graph: TaskGraph, message: MessageCost):
    clusters = linear_clusters(graph)
    owner = {task: index for index, tasks in enumerate(clusters) for task in tasks}
    timeline = simulate(graph, clusters, message)
    for tasks in clusters:
        for position, task in enumerate(tasks):
            waits = [timeline.end[tasks[position - 1]]] if position else [0]
            for source, size in zip(
                graph.predecessors[task], graph.received_bytes[task], strict=True
            ):
                travel = 0 if owner[source] == owner[task] else message.of(size)
                waits.append(timeline.end[source] + travel)
            assert timeline.start[task] == max(waits)
            assert timeline.end[task] == timeline.start[task] + graph.costs[task]
