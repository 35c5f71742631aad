from __future__ import annotations

from itertools import pairwise

from graphs import messages, task_graphs
from hypothesis import given

from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.ordering import order_by_time
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.slack import start_late
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

FREE = MessageCost(0)


def test_an_early_task_starts_when_its_reader_does():
    # 0 -> 1 is critical; 3 reads 0 and also 2, which could run at once.
    graph = TaskGraph([50, 50, 1, 10], [(0, 1, 0), (0, 3, 0), (2, 3, 0)])
    clusters = [[0, 1], [2, 3]]
    timeline = simulate(graph, clusters, FREE)
    assert timeline.spans == [(0, 100), (0, 60)]
    assert start_late(graph, clusters, timeline, FREE).spans == [(0, 100), (49, 60)]


def test_early_tasks_do_not_hinder_merging():
    # Two diamonds in a row; each side branch begins with a task that reads nothing.
    costs = [10, 30, 10, 30, 10, 1, 20, 1, 20]
    critical = [(0, 1), (1, 2), (2, 3), (3, 4)]
    sides = [(5, 6), (0, 6), (6, 2), (7, 8), (2, 8), (8, 4)]
    graph = TaskGraph(costs, [(first, then, 0) for first, then in critical + sides])
    clusters = linear_clusters(graph)
    assert len(clusters) == 3
    assert len(merge_clusters(graph, clusters, FREE)) == 2


@given(task_graphs(), messages())
def test_late_times_are_a_schedule(graph: TaskGraph, message: MessageCost):
    clusters = linear_clusters(graph)
    timeline = simulate(graph, clusters, message)
    clusters = order_by_time(graph, clusters, timeline)
    late = start_late(graph, clusters, timeline, message)
    owner = {task: index for index, tasks in enumerate(clusters) for task in tasks}
    assert late.makespan == timeline.makespan
    for tasks in clusters:
        for first, then in pairwise(tasks):
            assert late.end[first] <= late.start[then]
    for task, readers in enumerate(graph.successors):
        assert late.start[task] >= timeline.start[task]
        for reader, size in zip(readers, graph.sent_bytes[task], strict=True):
            travel = 0 if owner[reader] == owner[task] else message.of(size)
            assert late.end[task] + travel <= late.start[reader]
