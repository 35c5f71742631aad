"""Refinement: small changes to a schedule, kept while they help, within a budget of work."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.ordering import order_and_time
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph, cluster_of_each

TRIAL_TASKS = 60_000
"""Tasks that all trials together may schedule: under a second."""
TRIALS = 600
"""Trials on a graph that is small enough for so many."""


def refine(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost,
    workers: int,
    bound: int = 0,
    trial_tasks: int = TRIAL_TASKS,
) -> Clusters:
    """A schedule on at most `workers` that takes no longer than the one given.

    Local search with a fixed seed, so the same graph always gives the same answer: a task, alone
    or with the neighbours that it exchanges most with, moves to another worker; then the order
    is chosen anew, by distance to the end with the messages that are really sent.  A change that
    costs nothing is kept, as a way out of plateaus.  Stops at `bound`, and when all trials together
    have scheduled `trial_tasks`.
    """
    best: Clusters = [list(tasks) for tasks in clusters]
    makespan = simulate(graph, best, message).makespan
    owner = cluster_of_each(graph, best)
    generator = random.Random(0)
    for _ in range(min(TRIALS, trial_tasks // max(1, len(graph)))):
        if makespan <= bound or workers < 2:
            break
        changed = _move(graph, owner, workers, generator)
        trial, length = schedule_owners(graph, changed, message, workers)
        if length <= makespan:
            owner = changed
            if length < makespan:
                best, makespan = trial, length
    return [tasks for tasks in best if tasks]


def schedule_owners(
    graph: TaskGraph, owner: Sequence[int], message: MessageCost, workers: int
) -> tuple[Clusters, int]:
    """The ordered clusters and their makespan when each task has its worker."""
    clusters: Clusters = [[] for _ in range(workers)]
    for task, worker in enumerate(owner):
        clusters[worker].append(task)
    urgency = list(graph.costs)
    for task in reversed(graph.order):
        edges = zip(graph.successors[task], graph.sent_bytes[task], strict=True)
        urgency[task] += max(
            (
                urgency[reader] + (0 if owner[reader] == owner[task] else message.of(size))
                for reader, size in edges
            ),
            default=0,
        )
    plain = order_and_time(graph, clusters, message, distances_to_end(graph))
    aware = order_and_time(graph, clusters, message, urgency)
    return min(plain, aware, key=lambda ordered: ordered[1])


def _move(
    graph: TaskGraph, owner: Sequence[int], workers: int, generator: random.Random
) -> list[int]:
    """The owners with a task, and by chance what hangs together with it, on another worker."""
    changed = list(owner)
    task = generator.randrange(len(graph))
    home = owner[task]
    target = (home + 1 + generator.randrange(workers - 1)) % workers
    group = [task]
    changed[task] = target
    spread = generator.random() * 0.8
    for member in group:
        for near in (*graph.predecessors[member], *graph.successors[member]):
            if changed[near] == home and generator.random() < spread:
                changed[near] = target
                group.append(near)
    return changed
