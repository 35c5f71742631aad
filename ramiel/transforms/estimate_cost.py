"""`estimate-cost`: how long each operation takes, in nanoseconds on 1, 2, … cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ramiel.cores import available_cores
from ramiel.costs.cost_file import read_costs
from ramiel.costs.machine import set_machine
from ramiel.costs.model import MEBIBYTE, Limits, Request, find_model
from ramiel.dialects import syntax
from ramiel.dialects.dataflow import GraphOp
from ramiel.errors import RamielError
from ramiel.transforms.task_graph import COST, LONGEST, is_task


@dataclass(frozen=True)
class EstimateCost(ModulePass):
    """Attaches `cost = [ns, …]` to each operation of each graph that has none yet.

    Args:
        model: static, roofline, profile, or an extension's; see docs/costs.md.
        costs: a costs.json whose costs go before the model's.
        cores: the widest that a cost is wanted for; None for the cores that may be used.
        executor: whose messages and calls the graph's attribute `machine` describes.
        seconds, mebibytes: what a profile may take.
        recorded: measure operations as a recorded cluster replays them, see record-clusters.

    Raises RamielError for an unknown model and for a file that holds no costs.
    """

    name = "estimate-cost"

    model: str = "static"
    costs: str | None = None
    cores: int | None = None
    executor: str = "threads"
    seconds: int = int(Limits().seconds)
    mebibytes: int = Limits().total_bytes // MEBIBYTE
    recorded: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.cores is not None and self.cores < 1:
            raise RamielError(f"estimate-cost: cores must be at least 1, not {self.cores}")
        model = find_model(self.model)
        for graph in op.ops:
            if not isinstance(graph, GraphOp):
                continue
            if self.costs is not None:
                given = read_costs(Path(self.costs), tasks_without_cost(graph))
                attach(given.costs)
                if given.machine is not None:
                    set_machine(graph, given.machine)
            tasks = tasks_without_cost(graph)
            if not tasks:
                continue
            limits = Limits(seconds=self.seconds, total_bytes=self.mebibytes * MEBIBYTE)
            cores = self.cores if self.cores is not None else available_cores()
            estimate = model(
                Request(graph, tasks, cores, self.executor, limits, recorded=self.recorded)
            )
            attach(estimate.costs)
            if estimate.machine is not None:
                set_machine(graph, estimate.machine)


def tasks_without_cost(graph: GraphOp) -> list[Operation]:
    """The operations that a worker runs and that have no cost yet."""
    return [op for op in graph.block.ops if is_task(op) and COST not in op.attributes]


def attach(costs: Mapping[Operation, Sequence[int]]) -> None:
    """Write costs on their operations."""
    for task, cost in costs.items():
        task.attributes[COST] = syntax.to_attribute([min(ns, LONGEST) for ns in cost])
