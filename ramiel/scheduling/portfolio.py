"""The portfolio: every algorithm, and the schedule that the simulation finds the shortest."""

from __future__ import annotations

from collections.abc import Iterator

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.dominant_sequence import dominant_sequence_clusters
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.list_scheduling import list_schedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.refinement import TRIAL_TASKS, refine
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph


def portfolio(
    graph: TaskGraph,
    message: MessageCost,
    workers: int | None = None,
    machine: Machine | None = None,
    trial_tasks: int = TRIAL_TASKS,
) -> Clusters:
    """The best of all algorithms, each merged, then refined; never worse than one cluster.

    Of schedules that take as long, the one with fewer clusters, then with fewer messages.  They are
    simulated on the machine, if one is given: what two lanes gain must exceed what they cost.
    `trial_tasks` is the budget of `refine`.
    Raises ValueError for less than one worker.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"a schedule needs at least one worker, not {workers}")

    def judge(clusters: Clusters) -> tuple[int, int, int]:
        timeline = simulate(graph, clusters, message, machine)
        return timeline.makespan, len(clusters), timeline.messages

    if not len(graph):
        return []
    best = min(_candidates(graph, message, workers, machine), key=judge)
    bound = makespan_bound(graph, workers or len(graph))
    refined = refine(graph, best, message, workers or len(best), bound, trial_tasks)
    merged = merge_clusters(graph, refined, message, machine=machine)
    return min(best, refined, merged, key=judge)


def _candidates(
    graph: TaskGraph, message: MessageCost, workers: int | None, machine: Machine | None
) -> Iterator[Clusters]:
    yield [list(graph.order)]
    if workers == 1:
        return
    dominant = dominant_sequence_clusters(graph, message, machine)
    for clusters in (linear_clusters(graph), dominant):
        ordered = order_by_priority(graph, clusters, message)
        yield merge_clusters(graph, ordered, message, workers, machine)
    plain, reverse = distances_to_end(graph), graph.reversed()
    # Fewer workers than there are may serve better: they send less.
    for count in dict.fromkeys((workers, *_halves(workers))):
        yield list_schedule(graph, message, count)
        yield list_schedule(graph, message, count, plain)
        if machine is not None:
            yield list_schedule(graph, message, count, machine=machine)
        backwards = list_schedule(reverse, message, count)
        yield [tasks[::-1] for tasks in backwards]


def _halves(workers: int | None) -> list[int]:
    """Half of the workers, a quarter, … down to two."""
    counts: list[int] = []
    while workers is not None and workers > 3:
        workers //= 2
        counts.append(workers)
    return counts
