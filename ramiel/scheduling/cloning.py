"""Limited cloning: a cheap task with several readers is copied to each, so that nobody waits.

After Das and Rauchwerger, "Automatic Task Parallelization of Dataflow Graphs in ML/DL models"
(arXiv 2308.11192).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ramiel.scheduling.task_graph import TaskGraph


@dataclass(frozen=True)
class CloningLimits:
    """What may be copied: tasks of at most `max_cost` ns, at most `max_copies` times.

    Raises ValueError if a limit is negative.
    """

    max_cost: int = 2_000
    max_copies: int = 4

    def __post_init__(self) -> None:
        if self.max_cost < 0 or self.max_copies < 0:
            raise ValueError("the limits of cloning cannot be negative")


@dataclass(frozen=True)
class CloningPlan:
    """For each task the number of copies beside it, and why a cheap one with readers has none."""

    copies: list[int]
    refused: dict[int, str]


def plan_cloning(
    graph: TaskGraph, limits: CloningLimits, fixed: Collection[int] = ()
) -> CloningPlan:
    """One copy for each reader but the first, from the end of the graph to its start.

    A copy must save messages, not add any: it reads at most one task, and no more bytes than it
    writes.  Readers are counted with their own copies.  `fixed` tasks are never copied.
    """
    copies = [0] * len(graph)
    refused: dict[int, str] = {}
    for task in reversed(graph.order):
        readers = sum(1 + copies[reader] for reader in graph.successors[task])
        if readers < 2 or graph.costs[task] > limits.max_cost:
            continue
        if task in fixed:
            refused[task] = "it may have side effects"
        elif readers - 1 > limits.max_copies:
            refused[task] = f"it has {readers} readers, more than max-copies allows"
        elif len(graph.predecessors[task]) > 1:
            refused[task] = "each copy would need several messages"
        elif sum(graph.received_bytes[task]) > max(graph.sent_bytes[task]):
            refused[task] = "it reads more bytes than it writes"
        else:
            copies[task] = readers - 1
    return CloningPlan(copies, refused)
