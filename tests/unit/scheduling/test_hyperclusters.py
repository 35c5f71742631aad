"""Samples on the same workers: each runs whole, no deadlock, and the waits get filled."""

from __future__ import annotations

import pytest
from graphs import messages, task_graphs
from hypothesis import given
from hypothesis import strategies as st

from ramiel.scheduling.algorithms import schedule
from ramiel.scheduling.hyperclusters import lay_out_samples, split_into_stages
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

# 0 -> 1 -> 3 on one worker, 2 on the other: 3 waits for 2.
DIAMOND = TaskGraph([10, 10, 40, 10], [(0, 1, 0), (0, 2, 0), (1, 3, 0), (2, 3, 0)])
CLUSTERS = [[0, 1, 3], [2]]
FREE = MessageCost(0)


def test_stages_begin_where_a_worker_waits():
    assert split_into_stages(DIAMOND, CLUSTERS) == [[[0, 1], [3]], [[2]]]


def test_the_second_sample_fills_the_wait_of_the_first():
    stages = split_into_stages(DIAMOND, CLUSTERS)
    assert simulate(DIAMOND, CLUSTERS, FREE).makespan == 60
    two = lay_out_samples(DIAMOND, stages, FREE, 2)
    assert two.timeline.makespan == 100  # 2 runs for 40 twice, 0 before and 3 after
    assert [run.sample for run in two.workers[0]] == [0, 1, 0, 1]


def test_switching_evens_out_the_load():
    stages = split_into_stages(DIAMOND, CLUSTERS)
    plain = lay_out_samples(DIAMOND, stages, FREE, 4)
    switched = lay_out_samples(DIAMOND, stages, FREE, 4, switched=True)
    assert plain.timeline.busy == [120, 160]
    assert switched.timeline.busy == [140, 140]
    assert switched.timeline.makespan < plain.timeline.makespan
    assert {run.cluster for run in switched.workers[0] if run.sample == 1} == {1}


def test_no_samples():
    with pytest.raises(ValueError, match="at least one sample, not 0"):
        lay_out_samples(DIAMOND, split_into_stages(DIAMOND, CLUSTERS), FREE, 0)


@given(task_graphs(), messages(), st.integers(1, 3), st.integers(1, 4), st.booleans())
def test_each_sample_runs_whole_and_the_timeline_is_possible(
    graph: TaskGraph, message: MessageCost, workers: int, samples: int, switched: bool
):
    clusters = schedule("list", graph, message, workers) or [[]]
    stages = split_into_stages(graph, clusters)
    found = lay_out_samples(graph, stages, message, samples, switched)
    one = simulate(graph, clusters, message)
    runs = [run for share in found.workers for run in share]
    assert len(set(runs)) == len(runs) == samples * sum(len(cut) for cut in stages)
    for index, share in enumerate(found.workers):
        for run in share:
            assert index == (run.cluster + run.sample * switched) % len(clusters)
    assert one.makespan <= found.timeline.makespan
    assert found.timeline.serial == samples * sum(graph.costs)
    assert found.timeline.messages == samples * one.messages


@given(task_graphs(), messages(), st.integers(1, 3))
def test_one_sample_takes_what_the_program_takes(
    graph: TaskGraph, message: MessageCost, workers: int
):
    clusters = schedule("list", graph, message, workers) or [[]]
    one = lay_out_samples(graph, split_into_stages(graph, clusters), message, 1)
    assert one.timeline.makespan >= simulate(graph, clusters, message).makespan
