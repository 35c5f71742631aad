"""The portfolio beside proven optima, without duplication of tasks."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from statistics import mean

import pytest
from families import Instance, instances
from graphs import messages, task_graphs
from hypothesis import given, settings
from optimum import OPTIMA, optimal_makespan

from ramiel.scheduling.ordering import order_and_time
from ramiel.scheduling.portfolio import portfolio
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

RECORDED: dict[str, int | None] = json.loads(OPTIMA.read_text())


def makespan(item: Instance) -> int:
    clusters = portfolio(item.graph, item.message, item.workers)
    assert len(clusters) <= item.workers
    return simulate(item.graph, clusters, item.message).makespan


def test_within_five_per_cent_of_the_optimum_on_average(capsys: pytest.CaptureFixture[str]):
    """By family: mean at most 5 %, worst at most 30 %, never worse than serial."""
    above: defaultdict[str, list[float]] = defaultdict(list)
    unproven: defaultdict[str, int] = defaultdict(int)
    for item in instances():
        optimum = RECORDED[item.name]
        found = makespan(item)
        assert found <= sum(item.graph.costs), item.name
        if optimum is None:
            unproven[item.family] += 1
            continue
        assert found >= optimum, item.name
        above[item.family].append(100 * (found / optimum - 1))
    with capsys.disabled():
        for family, gaps in above.items():
            print(
                f"\n{family}: {len(gaps)} proven, {unproven[family]} not;"
                f" above the optimum by {mean(gaps):.1f} %, at most {max(gaps):.1f} %",
                end="",
            )
    assert set(above) == {item.family for item in instances()}
    for family, gaps in above.items():
        assert mean(gaps) <= 5, family
        assert max(gaps) <= 30, family


@pytest.mark.parametrize(
    "name", ["trees 1, P=2, CCR=1", "fork-join 0, P=4, CCR=1", "models squeezenet, P=2, CCR=0.1"]
)
def test_the_recorded_optima_are_what_the_solver_proves(name: str):
    item = next(item for item in instances() if item.name == name)
    found = optimal_makespan(
        item.graph, item.message, item.workers, upper=sum(item.graph.costs), seconds=30
    )
    assert found == RECORDED[name]


def brute_force(graph: TaskGraph, message: MessageCost, workers: int) -> int:
    """Every assignment with every order of urgency: the optimum without duplication."""
    best = sum(graph.costs)
    tasks = range(len(graph))
    for owner in itertools.product(range(workers), repeat=len(graph)):
        clusters = [[task for task in tasks if owner[task] == worker] for worker in range(workers)]
        for order in itertools.permutations(tasks):
            trial = [sorted(cluster, key=order.index) for cluster in clusters]
            try:
                best = min(best, simulate(graph, trial, message).makespan)
            except ValueError:
                continue  # the orders contradict the data
    return best


@settings(max_examples=15)
@given(task_graphs(max_tasks=4), messages())
def test_the_solver_agrees_with_brute_force(graph: TaskGraph, message: MessageCost):
    optimum = brute_force(graph, message, 2)
    upper = sum(graph.costs)
    assert optimal_makespan(graph, message, 2, upper, seconds=10) == optimum
    found = simulate(graph, portfolio(graph, message, 2), message).makespan
    assert optimum <= found <= upper


@given(task_graphs(), messages())
def test_the_time_of_an_order_is_what_the_simulation_says(graph: TaskGraph, message: MessageCost):
    clusters = [[task for task in graph.order if task % 2 == parity] for parity in (0, 1)]
    ordered, length = order_and_time(graph, clusters, message)
    assert length == simulate(graph, ordered, message).makespan
