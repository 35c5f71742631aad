"""`cluster`: a dataflow graph becomes a task program, one cluster per path of the graph."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.costs.machine import machine_of
from ramiel.dialects.dataflow import GraphOp
from ramiel.errors import RamielError
from ramiel.scheduling.algorithms import find_algorithm, schedule
from ramiel.scheduling.merging import by_first_start
from ramiel.scheduling.simulator import simulate
from ramiel.transforms.task_graph import is_task, message_cost, read_tasks
from ramiel.transforms.task_program import replace_program


@dataclass(frozen=True)
class Cluster(ModulePass):
    """Gather the operations of each dataflow.graph into clusters that can run side by side.

    Knows no operator: costs are read from the attribute `cost`, bytes from the types.

    Args:
        algorithm: a name of `ramiel.scheduling.algorithms`.
        max_clusters: make at most this number; None for any.
        message_ns: what a message between two workers costs; None for what the attribute
            `machine` of the graph says, else 10 µs; 0 where no operation has a cost.
        message_ns_per_byte: what it costs beside that for each byte; None as for message_ns.

    Raises RamielError for an unknown algorithm, for fewer than one cluster and for a bad cost.
    """

    name = "cluster"
    algorithm: str = "linear"
    max_clusters: int | None = None
    message_ns: int | None = None
    message_ns_per_byte: float | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            find_algorithm(self.algorithm)
        except ValueError as error:
            raise RamielError(f"cluster: {error}") from None
        if self.max_clusters is not None and self.max_clusters < 1:
            raise RamielError(f"cluster: max-clusters must be at least 1, not {self.max_clusters}")
        for graph in [nested for nested in op.walk() if isinstance(nested, GraphOp)]:
            self.cluster(graph)

    def cluster(self, graph: GraphOp) -> None:
        """Replace one graph by its task program."""
        operations = [op for op in graph.block.ops if is_task(op)]
        tasks = read_tasks(operations, [operations])
        machine = machine_of(graph)
        message = message_cost(self.message_ns, tasks, self.message_ns_per_byte, machine)
        clusters = schedule(self.algorithm, tasks.graph, message, self.max_clusters, tasks.ordered)
        clusters = by_first_start(clusters, simulate(tasks.graph, clusters, message))
        timeline = simulate(tasks.graph, clusters, message, machine)
        replace_program(graph, tasks, clusters, graph.output.values, timeline)
