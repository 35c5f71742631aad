from __future__ import annotations

import pytest
from graphs import messages, task_graphs
from hypothesis import given, settings

from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

FREE = MessageCost(0)
PAIR = TaskGraph([100, 60])


def makespan(graph: TaskGraph, clusters: list[list[int]], machine: Machine) -> int:
    return simulate(graph, clusters, machine=machine).makespan


def test_workers_share_one_core():
    timeline = simulate(PAIR, [[0], [1]], machine=Machine(cores=1))
    # Half a core each until the shorter one has its 60 ns; 40 are left for a whole one.
    assert timeline.end == [160, 120]
    assert timeline.serial == 160
    assert timeline.busy == [160, 120]


def test_a_core_for_each_is_what_the_plain_simulation_assumes():
    assert makespan(PAIR, [[0], [1]], Machine(cores=2)) == 100


def test_busy_cores_slow_each_other_down():
    machine = Machine(cores=2, slowdown=(1.0, 1.5))
    timeline = simulate(PAIR, [[0], [1]], machine=machine)
    # 60 ns of work take 90 while both run; then the first goes on alone.
    assert timeline.end == [130, 90]


def test_the_last_slowdown_goes_for_more_cores():
    machine = Machine(cores=4, slowdown=(1.0, 2.0))
    assert makespan(TaskGraph([10] * 4), [[0], [1], [2], [3]], machine) == 20


def test_the_slowdown_of_more_workers_than_cores_is_that_of_the_cores():
    machine = Machine(cores=2, slowdown=(1.0, 1.5, 9.0))
    assert [machine.slowdown_of(workers) for workers in (1, 2, 3)] == [1.0, 1.5, 1.5]
    assert Machine(slowdown=(1.0, 1.5)).slowdown_of(3) == 1.5


def test_what_a_task_takes_beside_busy_workers_and_what_they_lose():
    machine = Machine(cores=3, slowdown=(1.0, 1.25, 2.0))
    assert machine.beside(100, 50, [90]) == (50, 0)
    # 50 of its 100 at a rate of 4/5, the other 60 alone; 10 of the other's 50 are lost.
    assert machine.beside(0, 100, [50]) == (110, 10)
    assert machine.beside(0, 20, [50]) == (25, 5)
    # Two others: 40 at half rate, where they had 4/5 before; then 25 at 4/5, and 60 alone.
    assert machine.beside(0, 100, [65, 40]) == (125, 20)


def test_three_workers_on_two_cores():
    assert makespan(TaskGraph([20, 20, 20]), [[0], [1], [2]], Machine(cores=2)) == 30


def test_messages_cost_both_sides_time_of_their_own():
    graph = TaskGraph([10, 10, 10], [(0, 1, 8), (0, 2, 8)])
    machine = Machine(message=MessageCost(10), send_ns=2, receive_ns=3)
    timeline = simulate(graph, [[0], [1, 2]], machine=machine)
    # One message: 2 to send, 5 on the way, 3 to take it, and that once.
    assert timeline.end == [12, 30, 40]


def test_a_sender_that_copies_spends_time_for_each_byte():
    graph = TaskGraph([10, 10, 10], [(0, 1, 8), (0, 2, 6)])
    machine = Machine(message=MessageCost(10, 1.0), send_ns=2, receive_ns=3, send_ns_per_byte=0.5)
    timeline = simulate(graph, [[0], [1], [2]], machine=machine)
    # To the second cluster 2 + 4 to send, 9 on the way; to the third 2 + 3 and 8.
    assert timeline.end == [21, 43, 42]


def test_a_wide_task_costs_what_was_measured_at_its_width():
    graph = TaskGraph([(100, 60), 100], [(0, 1, 0)])
    machine = Machine(cores=2, slowdown=(1.0, 1.2), message=FREE)
    timeline = simulate(graph, [[0], [1]], machine=machine, widths=[2, 1])
    # The slowdown of two busy cores is in the 60 already; afterwards one core is busy.
    assert timeline.end == [60, 160]


def test_a_wide_task_shares_the_cores_with_a_narrow_one():
    graph = TaskGraph([(100, 60), 30])
    timeline = simulate(graph, [[0], [1]], machine=Machine(cores=2), widths=[2, 1])
    # Three cores are wanted of two: each runs at two thirds until the narrow task has its 30.
    assert timeline.end == [75, 45]


def test_a_call_begins_and_ends():
    machine = Machine(call_ns=7, serial_call_ns=3)
    assert makespan(PAIR, [[0], [1]], machine) == 107
    assert makespan(PAIR, [[0, 1]], machine) == 163


def test_a_deadlock_is_named():
    graph = TaskGraph([1, 1, 1, 1], [(0, 1, 0), (2, 3, 0)])
    with pytest.raises(ValueError, match=r"deadlock: tasks \[3, 1\] .* wait for each other"):
        simulate(graph, [[3, 0], [1, 2]], machine=Machine())


@settings(max_examples=60)
@given(task_graphs(), messages())
def test_an_ideal_machine_gives_the_plain_simulation(graph: TaskGraph, message: MessageCost):
    clusters = order_by_priority(graph, linear_clusters(graph), message)
    plain = simulate(graph, clusters, message)
    assert simulate(graph, clusters, machine=Machine(message=message)) == plain


@settings(max_examples=60)
@given(task_graphs(), messages())
def test_fewer_cores_lie_between_enough_and_one(graph: TaskGraph, message: MessageCost):
    clusters = order_by_priority(graph, linear_clusters(graph), message)
    machine = Machine(cores=2, message=message)
    shared = makespan(graph, clusters, machine)
    enough = simulate(graph, clusters, message).makespan
    waits = message.of(50) * len(graph)
    rounding = len(graph)
    assert enough - rounding <= shared <= enough + sum(graph.costs) + waits + rounding


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cores": 0}, "at least one core"),
        ({"slowdown": (1.0, 0.9)}, "faster"),
        ({"slowdown": ()}, "faster"),
        ({"send_ns": -1}, "less than nothing"),
    ],
)
def test_impossible_machines_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        Machine(**arguments)  # pyright: ignore[reportArgumentType]
