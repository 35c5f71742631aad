"""Hyperclusters: independent samples of a graph on the same workers fill each other's waits.

Das and Rauchwerger, "Automatic Task Parallelization of Dataflow Graphs in ML/DL models" (arXiv
2308.11192), plain and switched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.simulator import Timeline, simulate
from ramiel.scheduling.task_graph import Clusters, Edge, MessageCost, TaskGraph, cluster_of_each

Stages: TypeAlias = list[list[list[int]]]
"""For each cluster its stages, for each of those its tasks, in order."""


class Run(NamedTuple):
    """One stage of one cluster for one sample; all count from 0."""

    cluster: int
    stage: int
    sample: int


@dataclass(frozen=True)
class HyperSchedule:
    """For each worker what it runs, in order, and the simulation of all samples.

    In `timeline` task t of sample k has the number k · tasks + t, and clusters are workers.
    """

    workers: list[list[Run]]
    timeline: Timeline


def split_into_stages(graph: TaskGraph, clusters: Sequence[Sequence[int]]) -> Stages:
    """Cut each cluster before each task that waits for a message which has not come yet.

    Within a stage a worker never waits, so between stages is where it may turn to another sample.
    """
    owner = cluster_of_each(graph, clusters)
    stages: Stages = []
    for cluster, tasks in enumerate(clusters):
        received: set[int] = set()
        cut: list[list[int]] = [[]]
        for task in tasks:
            awaited = {s for s in graph.predecessors[task] if owner[s] != cluster} - received
            if awaited and cut[-1]:
                cut.append([])
            received |= awaited
            cut[-1].append(task)
        stages.append(cut)
    return stages


def lay_out_samples(
    graph: TaskGraph,
    stages: Stages,
    message: MessageCost,
    samples: int,
    switched: bool = False,
    machine: Machine | None = None,
) -> HyperSchedule:
    """Lay `samples` samples over as many workers as there are clusters.

    Worker i runs cluster i of every sample; if `switched`, sample k's cluster i goes to worker
    (i + k) mod workers, which evens out the load.  A free worker starts, of the stages whose
    messages have arrived, either that of the earliest sample or the one with the longest way to the
    end, whichever makes the whole shorter, on the machine if one is given.  Both orders are
    parts of one topological order of all stages, so they cannot deadlock.  Raises
    ValueError for less than one sample.
    """
    if samples < 1:
        raise ValueError(f"a batch has at least one sample, not {samples}")
    runs = [
        Run(cluster, stage, sample)
        for sample in range(samples)
        for cluster, cut in enumerate(stages)
        for stage in range(len(cut))
    ]
    units = _graph_of_stages(graph, stages, samples)
    shares: Clusters = [[] for _ in stages]
    for unit, run in enumerate(runs):
        shares[(run.cluster + run.sample * switched) % len(stages)].append(unit)
    batch = _graph_of_samples(graph, samples)
    distance = distances_to_end(units, message)
    longest = max(distance, default=0)
    sample_first = [
        own + (samples - run.sample) * (longest + 1)
        for own, run in zip(distance, runs, strict=True)
    ]
    found: list[HyperSchedule] = []
    for priority in (sample_first, distance):
        ordered = order_by_priority(units, shares, message, priority)
        workers = [[runs[unit] for unit in share] for share in ordered]
        timeline = _simulate(batch, len(graph), stages, workers, message, machine)
        found.append(HyperSchedule(workers, timeline))
    return min(found, key=lambda schedule: schedule.timeline.makespan)


def _simulate(
    batch: TaskGraph,
    size: int,
    stages: Stages,
    workers: Sequence[Sequence[Run]],
    message: MessageCost,
    machine: Machine | None,
) -> Timeline:
    orders = [
        [run.sample * size + task for run in runs for task in stages[run.cluster][run.stage]]
        for runs in workers
    ]
    return simulate(batch, orders, message, machine)


def _graph_of_samples(graph: TaskGraph, samples: int) -> TaskGraph:
    """The graph once for each sample."""
    size = len(graph)
    edges = [
        (first + sample * size, then + sample * size, carried)
        for sample in range(samples)
        for first, then, carried in graph.edges()
    ]
    return TaskGraph(graph.costs_per_width * samples, edges)


def _graph_of_stages(graph: TaskGraph, stages: Stages, samples: int) -> TaskGraph:
    """A task for each stage of each sample; its messages leave when the stage is done."""
    flat = [tasks for cut in stages for tasks in cut]
    unit = [0] * len(graph)
    for index, tasks in enumerate(flat):
        for task in tasks:
            unit[task] = index
    edges: set[Edge] = {
        (unit[first], unit[then], carried)
        for first, then, carried in graph.edges()
        if unit[first] != unit[then]
    }
    first = 0
    for cut in stages:
        edges |= {(one, other, 0) for one, other in pairwise(range(first, first + len(cut)))}
        first += len(cut)
    one = TaskGraph([sum(graph.costs[task] for task in tasks) for tasks in flat], sorted(edges))
    return _graph_of_samples(one, samples)
