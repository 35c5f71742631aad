"""The optimal makespan without duplication, by CP-SAT of OR-tools; for tests only.

`python tests/unit/scheduling/optimum.py [FAMILY…]` proves the optima of all instances, or of some
families, again and writes optima.json, which takes some minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ortools.sat.python import cp_model

from ramiel.scheduling.parallelism import makespan_bound
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

OPTIMA = Path(__file__).with_name("optima.json")
"""By instance name its proven optimum in ns, or null."""


def optimal_makespan(
    graph: TaskGraph, message: MessageCost, workers: int, upper: int, seconds: float
) -> int | None:
    """The least makespan; None if the time ran out before it was proven.

    Every task has a start and a worker; tasks of one worker do not overlap; a reader on another
    worker than its producer starts a message later.  `upper` is a makespan known to be possible.
    """
    model: Any = cp_model.CpModel()
    starts = [model.new_int_var(0, upper, f"s{task}") for task in range(len(graph))]
    on = [[model.new_bool_var(f"on{t}_{w}") for w in range(workers)] for t in range(len(graph))]
    for task, cost in enumerate(graph.costs):
        model.add_exactly_one(on[task])
        model.add(starts[task] + cost <= upper)
        # Workers are alike, so a task need not go beyond the worker of its own number.
        for worker in range(task + 1, workers):
            model.add(on[task][worker] == 0)
    for worker in range(workers):
        model.add_no_overlap(
            model.new_optional_fixed_size_interval_var(
                starts[task], cost, on[task][worker], f"i{task}_{worker}"
            )
            for task, cost in enumerate(graph.costs)
        )
    for source in range(len(graph)):
        edges = zip(graph.successors[source], graph.sent_bytes[source], strict=True)
        for reader, size in edges:
            end = starts[source] + graph.costs[source]
            model.add(starts[reader] >= end)
            same = model.new_bool_var(f"same{source}_{reader}")
            for worker in range(workers):
                model.add_implication(same, on[source][worker]).only_enforce_if(on[reader][worker])
            model.add(starts[reader] >= end + message.of(size)).only_enforce_if(same.negated())
    makespan = model.new_int_var(makespan_bound(graph, workers), upper, "makespan")
    for task, cost in enumerate(graph.costs):
        model.add(makespan >= starts[task] + cost)
    model.minimize(makespan)
    solver: Any = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    return round(solver.objective_value) if status == cp_model.OPTIMAL else None


def record(families: Collection[str], seconds: float = 6) -> None:
    """Prove what can be proven of all instances, or those of some families, and write it down."""
    from families import instances

    known: dict[str, int | None] = json.loads(OPTIMA.read_text())
    optima: dict[str, int | None] = {}
    for item in instances():
        if families and item.family not in families:
            optima[item.name] = known[item.name]
            continue
        upper = sum(item.graph.costs)
        found = optimal_makespan(item.graph, item.message, item.workers, upper, seconds)
        optima[item.name] = found
        print(item.name, found, flush=True)
    OPTIMA.write_text(json.dumps(optima, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record(sys.argv[1:])
