"""How parallel a graph is, before anything is scheduled, and what no schedule can beat."""

from __future__ import annotations

from dataclasses import dataclass

from ramiel.scheduling.critical_path import critical_path_length
from ramiel.scheduling.task_graph import TaskGraph
from ramiel.scheduling.window_bound import window_bound


@dataclass(frozen=True)
class Parallelism:
    """The potential parallelism of a graph, with every task on one core; costs in ns."""

    nodes: int
    total_cost: int
    critical_path: int

    @property
    def parallelism(self) -> float:
        """Total cost / critical path: the speed-up that any number of workers stays below."""
        return self.total_cost / self.critical_path if self.critical_path else 1.0


def measure_parallelism(graph: TaskGraph) -> Parallelism:
    """Nodes, total cost and critical path of a graph."""
    return Parallelism(len(graph), sum(graph.costs), critical_path_length(graph))


def makespan_bound(graph: TaskGraph, workers: int) -> int:
    """In ns: no schedule on `workers` cores is shorter.

    max(critical path, ⌈work / workers⌉, `window_bound`).  A task that can run on several cores
    counts with its least time on the path, and with its least time · cores as work.  Raises
    ValueError unless there is a worker.
    """
    if workers < 1:
        raise ValueError(f"a schedule needs at least one worker, not {workers}")
    usable = [widths[:workers] for widths in graph.costs_per_width]
    work = sum(min(cores * cost for cores, cost in enumerate(w, start=1)) for w in usable)
    return max(window_bound(graph, workers), -(-work // workers))
