"""Duplication: a task runs again in the cluster that waits for its result, where that pays.

After Kruatrachue and Lewis, "Grain Size Determination for Parallel Processing" (IEEE Software
5(1), 1988), whose DSH fills the wait for a message with copies of the tasks behind it; here on
clusters that are given, and checked by simulation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ramiel.scheduling.copied_schedule import CopiedSchedule
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import Clusters, MessageCost, TaskGraph

TRIAL_TASKS = 400_000
"""Tasks that all trials together may simulate: about a second."""
CHAIN = 8
"""Tasks that are copied together: one, and those before it that it would wait for."""
TRIALS = 400
"""Trials on a graph that is small enough for so many."""
TASKS_PER_CHANGE = 2_000
"""Changes are tried together on a graph of more tasks than this, one for each so many."""

Change: TypeAlias = tuple[tuple[int, ...], int]
"""(instances of a schedule, reader): copy them to the reader's cluster, right before it."""


@dataclass(frozen=True)
class Duplication:
    """A schedule in which some tasks run in several clusters.

    Attributes:
        graph: the tasks with their copies.
        clusters: for each worker, the tasks of `graph` that it runs, in order.
        originals: of each task of `graph`, the task that it is, or is a copy of.

    """

    graph: TaskGraph
    clusters: Clusters
    originals: list[int]


def duplicate_tasks(
    graph: TaskGraph,
    clusters: Sequence[Sequence[int]],
    message: MessageCost | None = None,
    max_copies: int = 4,
    fixed: Collection[int] = (),
    kept: Collection[int] = (),
    machine: Machine | None = None,
) -> Duplication:
    """Copy tasks to clusters that wait for them, as long as the simulated makespan falls.

    Only messages on a critical path are looked at, and what a copy saves is estimated from the
    times around it; a simulation then decides.  Several critical paths of one length need several
    copies at once, so a copy that changes nothing is kept until it is known whether the next ones
    help.  In the end each copy is taken out once, and stays out if the makespan stays.

    Args:
        graph: the tasks.
        clusters: each task once, in orders that do not deadlock.
        message: what a message costs.
        max_copies: of one task, beside itself.
        fixed: tasks that must run exactly once.
        kept: tasks that run where they are, even if every reader has a copy: results.
        machine: how much longer all tasks take while every worker is busy.

    Raises ValueError if `max_copies` is negative, and where `simulate` does.

    """
    if max_copies < 0:
        raise ValueError(f"max-copies must be at least 0, not {max_copies}")
    once, results = frozenset(fixed), frozenset(kept)
    slowed = graph if machine is None else graph.slowed(machine.slowdown_of(len(clusters)))
    schedule = best = CopiedSchedule(slowed, clusters, message or MessageCost())
    refused: set[Change] = set()
    at_once = max(1, len(graph) // TASKS_PER_CHANGE)
    for _ in range(min(TRIALS, TRIAL_TASKS // max(1, len(graph)))):
        found = _changes(schedule, max_copies, once)
        chosen = _independent(schedule, (c for c in found if c not in refused), at_once)
        if not chosen:
            break
        trial = schedule.copy()
        for chain, reader in chosen:
            trial.insert(chain, reader, results)
        trial.run()
        if trial.makespan > best.makespan:
            refused.update(chosen if len(chosen) == 1 else ())
            at_once = max(1, at_once // 2)
            continue
        schedule = trial
        if trial.makespan < best.makespan:
            best = trial
            refused.clear()
    if len(graph) <= TASKS_PER_CHANGE:
        best = _without_idle_copies(best)
    return Duplication(*best.result(graph))


def _changes(schedule: CopiedSchedule, max_copies: int, fixed: frozenset[int]) -> list[Change]:
    """What may shorten a critical path, that which saves its reader the most first.

    A task that would itself wait for a message is copied together with the one that sends it.
    """
    gains: dict[Change, int] = {}
    for reader, source in schedule.critical_messages():
        chain: list[int] = []
        awaited: int | None = source
        while awaited is not None and len(chain) < CHAIN:
            if not _may_copy(schedule, awaited, schedule.owner[reader], max_copies, fixed):
                break
            chain = sorted([*chain, awaited], key=schedule.position.__getitem__)
            end, awaited = schedule.estimate(chain, reader)
            if end < schedule.start[reader]:
                gains[tuple(chain), reader] = schedule.start[reader] - end
                break
    return sorted(gains, key=lambda change: (-gains[change], change))


def _independent(schedule: CopiedSchedule, changes: Iterable[Change], limit: int) -> list[Change]:
    """The first changes that can be made together: no task has a part in two of them."""
    chosen: list[Change] = []
    touched: set[int] = set()
    for chain, reader in changes:
        tasks = {schedule.originals[item] for item in (*chain, reader)}
        if len(chosen) < limit and touched.isdisjoint(tasks):
            chosen.append((chain, reader))
            touched |= tasks
    return chosen


def _may_copy(
    schedule: CopiedSchedule, item: int, cluster: int, max_copies: int, fixed: frozenset[int]
) -> bool:
    task = schedule.originals[item]
    return (
        task not in fixed
        and len(schedule.instances[task]) <= max_copies
        and schedule.in_cluster(task, cluster) is None
    )


def _without_idle_copies(schedule: CopiedSchedule) -> CopiedSchedule:
    """Take out each copy that the makespan does not need, the last one first."""
    for copy in sorted(schedule.sequence, reverse=True):
        if copy < len(schedule.graph):
            break
        instead = schedule.removable(copy)
        if instead is None:
            continue
        trial = schedule.copy()
        trial.remove(copy, instead)
        trial.run()
        if trial.makespan <= schedule.makespan:
            schedule = trial
    return schedule
