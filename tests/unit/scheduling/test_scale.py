"""Twenty thousand tasks take seconds: the algorithms are near-linear."""

from __future__ import annotations

import time

import pytest
from graphs import inception, random_graph

from ramiel.scheduling.algorithms import MOLDABLE, schedule, schedule_widths
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost


def test_twenty_thousand_tasks():
    began = time.process_time()
    graph = random_graph(20_000)
    clusters = order_by_priority(graph, linear_clusters(graph))
    merged = merge_clusters(graph, clusters, max_clusters=8)
    makespan = simulate(graph, merged).makespan
    assert time.process_time() - began < 10
    assert len(merged) == 8
    assert makespan_bound(graph, 8) <= makespan < sum(graph.costs)


@pytest.mark.parametrize("name", ["linear", "dsc", "list"])
def test_each_algorithm_on_twenty_thousand_tasks(name: str):
    began = time.process_time()
    graph = random_graph(20_000)
    clusters = schedule(name, graph, MessageCost(), 8)
    assert time.process_time() - began < 10
    assert simulate(graph, clusters, MessageCost()).makespan < sum(graph.costs) / 6


def test_the_trials_of_many_stretches_have_one_budget():
    graph = inception(600)
    began = time.process_time()
    clusters, widths = schedule_widths(MOLDABLE, graph, MessageCost(1), 2)
    assert time.process_time() - began < 8
    makespan = simulate(graph, clusters, MessageCost(1), widths=widths).makespan
    assert makespan_bound(graph, 2) <= makespan < sum(graph.costs) / 1.5
