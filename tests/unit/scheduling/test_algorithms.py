"""What every algorithm promises, whatever the graph."""

from __future__ import annotations

import pytest
from graphs import inception, messages, random_graph, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.algorithms import (
    ALGORITHMS,
    MOLDABLE,
    find_algorithm,
    schedule,
    schedule_widths,
)
from ramiel.scheduling.dominant_sequence import dominant_sequence_clusters
from ramiel.scheduling.list_scheduling import Calendar, list_schedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.portfolio import portfolio
from ramiel.scheduling.refinement import refine
from ramiel.scheduling.report import report_schedule
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

FREE = MessageCost(0)
NAMES = sorted(ALGORITHMS)


@pytest.mark.parametrize("name", NAMES)
@given(graph=task_graphs(), message=messages(), workers=st.none() | st.integers(1, 4))
def test_each_task_once_in_orders_that_cannot_deadlock(
    name: str, graph: TaskGraph, message: MessageCost, workers: int | None
):
    clusters = schedule(name, graph, message, workers)
    assert sorted(task for tasks in clusters for task in tasks) == list(range(len(graph)))
    assert all(clusters)
    assert workers is None or len(clusters) <= workers
    makespan = simulate(graph, clusters, message).makespan
    assert makespan >= makespan_bound(graph, workers or max(1, len(graph)))


@pytest.mark.parametrize("name", NAMES)
def test_no_workers(name: str):
    with pytest.raises(ValueError, match="at least one"):
        schedule(name, TaskGraph([1]), FREE, 0)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_schedule(name: str):
    assert schedule(name, TaskGraph([]), FREE, 2) == []


def test_a_moldable_schedule_of_no_tasks() -> None:
    assert schedule_widths(MOLDABLE, TaskGraph([]), FREE, 2) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_more_workers_than_tasks(name: str):
    assert sorted(schedule(name, TaskGraph([1, 1]), FREE, 9)) == [[0], [1]]


@given(task_graphs(), messages(), st.integers(1, 4))
def test_the_portfolio_is_never_worse_than_another_or_serial(
    graph: TaskGraph, message: MessageCost, workers: int
):
    best = simulate(graph, portfolio(graph, message, workers), message).makespan
    assert best <= sum(graph.costs)
    for name in NAMES:
        clusters = schedule(name, graph, message, workers)
        assert best <= simulate(graph, clusters, message).makespan


@given(task_graphs(), messages(), st.integers(1, 4))
def test_refinement_never_makes_it_longer(graph: TaskGraph, message: MessageCost, workers: int):
    before = list_schedule(graph, message, workers)
    after = refine(graph, before, message, workers)
    length = simulate(graph, before, message).makespan
    assert simulate(graph, after, message).makespan <= length


def test_a_calendar_gives_the_first_gap_that_is_long_enough():
    calendar = Calendar()
    for begin in (0, 50):
        start, gap = calendar.find(begin, 10)
        assert start == begin
        calendar.book(start, 10, gap)
    assert calendar.find(5, 40) == (10, 0)
    assert calendar.find(5, 41) == (60, 1)
    assert [calendar.busy_until(time) for time in (0, 9, 10, 49, 50, 60)] == [
        10,
        10,
        10,
        49,
        60,
        60,
    ]


def test_a_list_schedule_on_any_number_of_workers_opens_only_what_helps():
    chain = TaskGraph([5] * 6, [(task, task + 1, 0) for task in range(5)])
    assert list_schedule(chain, MessageCost(1)) == [[0, 1, 2, 3, 4, 5]]
    assert len(list_schedule(TaskGraph([5] * 6), FREE)) == 6


def test_dsc_cuts_where_the_message_is_cheaper_than_waiting():
    # A fork: 1 and 2 read 0.  A message of 5 is worth it, one of 50 is not.
    graph = TaskGraph([10, 20, 20], [(0, 1, 0), (0, 2, 0)])
    assert dominant_sequence_clusters(graph, MessageCost(5)) == [[0, 1], [2]]
    assert dominant_sequence_clusters(graph, MessageCost(50)) == [[0, 1, 2]]


SLOW = Machine(cores=2, slowdown=(1.0, 2.0), message=MessageCost(5))
"""Two cores that gain nothing by working at the same time."""


@pytest.mark.parametrize("name", NAMES)
def test_where_busy_cores_slow_each_other_down_one_waits_instead(name: str):
    # 1 and 2 read 0; side by side they take 200 each, one after the other 100 each.
    graph = TaskGraph([10, 100, 100], [(0, 1, 0), (0, 2, 0)])
    assert len(schedule(name, graph, MessageCost(5), 2)) == 2
    if name != "linear":  # whose clusters are paths, whatever they cost
        assert schedule(name, graph, MessageCost(5), 2, machine=SLOW) == [[0, 1, 2]]


@pytest.mark.parametrize("name", NAMES)
@given(graph=task_graphs(), message=messages(), workers=st.none() | st.integers(1, 4))
def test_each_task_once_on_a_machine_too(
    name: str, graph: TaskGraph, message: MessageCost, workers: int | None
):
    machine = Machine(cores=3, slowdown=(1.0, 1.3, 1.4), message=message, send_ns=1, receive_ns=2)
    clusters = schedule(name, graph, message, workers, machine=machine)
    assert sorted(task for tasks in clusters for task in tasks) == list(range(len(graph)))
    assert workers is None or len(clusters) <= workers
    simulate(graph, clusters, machine=machine)  # raises if the orders could deadlock


def test_the_same_graph_gives_the_same_schedule():
    graphs = random_graph(300), random_graph(300)
    first, second = (portfolio(graph, MessageCost(), 3) for graph in graphs)
    assert first == second


def test_tasks_that_belong_together_stay_together():
    graph = TaskGraph([10, 10, 10, 10])
    clusters = schedule("list", graph, FREE, 2, together=[[0, 1, 2]])
    assert [0, 1, 2] in [sorted(tasks) for tasks in clusters]


def test_an_unknown_algorithm():
    with pytest.raises(
        ValueError, match="no algorithm 'guess', only dsc, linear, list, moldable, portfolio"
    ):
        find_algorithm("guess")


def test_a_report_says_whether_it_pays_and_why_not():
    graph = inception(3)
    pays = report_schedule(graph, portfolio(graph, FREE, 4), FREE, 4)
    assert pays.pays
    assert pays.gap_percent == 0
    assert "gap 0.0 %" in pays.figures()
    chain = TaskGraph([10, 10], [(0, 1, 0)])
    alone = report_schedule(chain, [[0, 1]], FREE, 2)
    assert not alone.pays
    assert alone.reason() == "the model is a chain"
    narrow = TaskGraph([90, 10], [])
    assert report_schedule(narrow, [[0, 1]], FREE, 2).reason() == (
        "the critical path is 90% of the work"
    )


def test_all_cores_inside_operators_can_be_the_better_use_of_them():
    wide = TaskGraph([(100, 50), (100, 50)])
    report = report_schedule(wide, [[0], [1]], FREE, 2)
    assert (report.speedup, report.gain, report.pays) == (2, 1, False)
    assert report.reason() == "operators on all cores, one after the other, are as fast"


def test_side_by_side_must_gain_more_where_operators_gain_from_all_cores():
    for wide, pays in ((55, False), (65, True)):  # against 100: 1.1 and 1.3 times as fast
        report = report_schedule(TaskGraph([(100, wide)] * 2, []), [[0], [1]], FREE, 2)
        assert (report.gain, report.pays) == (2 * wide / 100, pays)
    nearly = report_schedule(TaskGraph([(100, 55)] * 2, []), [[0], [1]], FREE, 2)
    assert nearly.reason() == "operators on all cores, one after the other, are nearly as fast"
    alone = report_schedule(TaskGraph([100, 10], []), [[0], [1]], FREE, 2)
    assert alone.pays
