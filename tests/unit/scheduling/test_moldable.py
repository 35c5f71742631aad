"""Wide on chains, side by side on branches, and never both at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.list_scheduling import list_schedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.moldable import moldable, stretches
from ramiel.scheduling.portfolio import portfolio
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

FREE = MessageCost(0)
CHAIN_AND_FORK = TaskGraph(
    # 0 -> 1 -> {2, 3} -> 4, where 0 and 1 gain from two cores, and 2 and 3 do not.
    [(100, 50), (100, 50), (100, 100), (100, 100), (10, 10)],
    [(0, 1, 1), (1, 2, 1), (1, 3, 1), (2, 4, 1), (3, 4, 1)],
)


def test_stretches_end_with_what_all_later_tasks_read() -> None:
    assert stretches(CHAIN_AND_FORK) == [[0], [1], [2, 3, 4]]


def test_a_task_without_predecessors_belongs_to_the_first_stretch() -> None:
    graph = TaskGraph([1, 1, 1, 1], [(0, 1, 1), (1, 3, 1), (2, 3, 1)])
    assert stretches(graph) == [[0, 1, 2, 3]]


def test_a_chain_is_wide_and_a_fork_is_side_by_side() -> None:
    schedule = moldable(CHAIN_AND_FORK, FREE, 2, list_schedule)
    assert schedule.clusters[0] == [0, 1]
    assert sorted(schedule.clusters[1] + schedule.clusters[2]) == [2, 3, 4]
    assert schedule.widths == [2, 1, 1]
    assert schedule.makespan == 50 + 50 + 100 + 10


def test_messages_that_cost_more_than_they_gain_leave_all_on_one_worker() -> None:
    schedule = moldable(CHAIN_AND_FORK, MessageCost(1000), 2, list_schedule)
    assert schedule.widths == [2]
    assert schedule.makespan == 50 + 50 + 100 + 100 + 10


def test_one_core_is_one_worker() -> None:
    schedule = moldable(CHAIN_AND_FORK, FREE, 1, list_schedule)
    assert schedule.widths == [1] and schedule.makespan == 410


def test_no_core_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one core, not 0"):
        moldable(CHAIN_AND_FORK, FREE, 0, list_schedule)


@st.composite
def graphs(draw: st.DrawFn) -> TaskGraph:
    """Small graphs whose tasks may or may not gain from two cores."""
    size = draw(st.integers(1, 12))
    costs = [draw(st.integers(1, 100)) for _ in range(size)]
    gains = [draw(st.integers(0, cost // 2)) for cost in costs]
    pairs = [(i, j) for j in range(size) for i in range(j)]
    chosen = [pair for pair in pairs if draw(st.integers(0, 3)) == 0]
    widths = [(cost, cost - gain) for cost, gain in zip(costs, gains, strict=True)]
    return TaskGraph(widths, [(i, j, 8) for i, j in chosen])


@given(graphs(), st.sampled_from([0, 10, 50]))
def test_every_task_runs_once_and_the_prediction_holds(graph: TaskGraph, latency: int) -> None:
    """The simulation, with messages and widths, is never longer than what was predicted."""
    message = MessageCost(latency)
    schedule = moldable(graph, message, 2, list_schedule)
    assert sorted(task for cluster in schedule.clusters for task in cluster) == list(
        range(len(graph))
    )
    timeline = simulate(graph, schedule.clusters, message, widths=schedule.widths)
    assert timeline.makespan <= schedule.makespan
    serial = min(sum(widths[core] for widths in graph.costs_per_width) for core in (0, 1))
    assert schedule.makespan <= serial


@given(graphs())
def test_the_wide_worker_runs_alone(graph: TaskGraph) -> None:
    schedule = moldable(graph, FREE, 2, list_schedule)
    if schedule.widths[0] == 1:
        return
    timeline = simulate(graph, schedule.clusters, FREE, widths=schedule.widths)
    for task in schedule.clusters[0]:
        for lane in schedule.clusters[1:]:
            for other in lane:
                apart = timeline.end[task] <= timeline.start[other]
                assert apart or timeline.end[other] <= timeline.start[task]


def test_branches_that_slow_each_other_down_run_wide() -> None:
    slow = Machine(cores=2, slowdown=(1.0, 1.9), message=FREE)
    graph = TaskGraph(
        # Side by side 2 and 3 take 190 on that machine, wide one after the other 160.
        [(100, 50), (100, 80), (100, 80), (10, 10)],
        [(0, 1, 1), (0, 2, 1), (1, 3, 1), (2, 3, 1)],
    )
    assert moldable(graph, FREE, 2, portfolio).widths == [2, 1, 1]
    assert moldable(graph, FREE, 2, portfolio, slow).widths == [2]


def test_the_portfolio_stays_on_one_worker_where_busy_cores_gain_nothing() -> None:
    graph = TaskGraph([100, 100])
    assert len(portfolio(graph, FREE, 2)) == 2
    assert len(portfolio(graph, FREE, 2, Machine(cores=2, slowdown=(1.0, 2.1)))) == 1
    assert len(portfolio(graph, FREE, 2, Machine(cores=2, call_ns=150))) == 1


def test_lanes_alone_may_have_cheaper_messages() -> None:
    graph = TaskGraph(
        [(100, 90), (100, 90), (100, 90), (100, 90), (10, 10)],
        [(0, 1, 1), (0, 2, 1), (1, 3, 1), (2, 4, 1), (3, 4, 1)],
    )
    usual = Machine(cores=2, message=MessageCost(100))
    assert moldable(graph, usual.message, 2, portfolio, usual).widths == [2]
    linked = replace(usual, linked_ns=2)
    assert moldable(graph, linked.message, 2, portfolio, linked).widths == [1, 1]
    # What somebody says that messages cost goes before.
    assert moldable(graph, MessageCost(90), 2, portfolio, linked).widths == [2]


def test_a_change_of_width_must_pay() -> None:
    edges = [(0, 1, 1), (0, 2, 1), (1, 3, 1), (2, 3, 1)]
    # Wide 160 + 100 + 10; mixed 160 + 90 + 10: not five per cent less.
    little = TaskGraph([(300, 160), (90, 50), (90, 50), (10, 10)], edges)
    assert moldable(little, FREE, 2, list_schedule).widths == [2]
    much = TaskGraph([(300, 160), (60, 50), (60, 50), (10, 10)], edges)
    assert moldable(much, FREE, 2, list_schedule).widths == [2, 1, 1]
