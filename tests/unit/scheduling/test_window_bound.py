from __future__ import annotations

import time

from graphs import messages, random_graph, task_graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from ramiel.scheduling.critical_path import critical_path_length
from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.portfolio import portfolio
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph
from ramiel.scheduling.window_bound import window_bound

# A stem of 10, six branches of 10 side by side, and a tail of 10.
FORK = TaskGraph([10] * 8, [*((0, n, 0) for n in range(1, 7)), *((n, 7, 0) for n in range(1, 7))])


def test_stem_and_tail_leave_one_of_two_workers_idle():
    # The path is 30, half of the work 40; between stem and tail 60 must be done in 10: 30 + 20.
    assert window_bound(FORK, 2) == makespan_bound(FORK, 2) == 50
    assert makespan_bound(FORK, 6) == 30


def test_a_wide_task_counts_with_the_cheapest_of_its_widths():
    graph = TaskGraph([(10, 6)] * 4)
    assert window_bound(graph, 1) == 40
    # Least time 6 and least work 10 each: 40 of work on two cores.
    assert makespan_bound(graph, 2) == 20


def test_a_large_graph_takes_no_longer_than_a_small_one():
    graph = random_graph(50_000)
    began = time.process_time()
    assert window_bound(graph, 4) >= critical_path_length(graph)
    assert time.process_time() - began < 5


@settings(max_examples=50)
@given(task_graphs(max_tasks=9), messages(), st.integers(1, 4))
def test_no_schedule_is_shorter(graph: TaskGraph, message: MessageCost, workers: int):
    best = simulate(graph, portfolio(graph, message, workers), message).makespan
    free = simulate(graph, portfolio(graph, MessageCost(0), workers), MessageCost(0)).makespan
    assert window_bound(graph, workers) <= min(best, free)
