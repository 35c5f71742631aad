"""`cluster`: a dataflow graph becomes a task program, one cluster per path of the graph."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.passes import ModulePass

from ramiel.cores import available_cores
from ramiel.costs.machine import machine_of, set_machine
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task_cores import CORES
from ramiel.errors import RamielError
from ramiel.scheduling.algorithms import MOLDABLE, find_algorithm, schedule, schedule_widths
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.merging import by_first_start
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import Clusters, MessageCost
from ramiel.transforms.task_graph import Tasks, is_task, message_cost, read_tasks
from ramiel.transforms.task_program import replace_program


@dataclass(frozen=True)
class Cluster(ModulePass):
    """Gather the operations of each dataflow.graph into clusters that can run side by side.

    Knows no operator: costs are read from the attribute `cost`, bytes from the types.

    Args:
        algorithm: a name of `ramiel.scheduling.algorithms`, or moldable: stretches on one worker
            that uses all cores, or on a worker for each core.
        max_clusters: make at most this number; None for any.  For moldable, the cores.
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
            if self.algorithm != MOLDABLE:
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
        lanes = machine
        if machine is not None and message == machine.message:
            lanes = machine.of_lanes()
        clusters, widths = self._clusters(tasks, message, machine, lanes)
        if not widths and lanes is not None and lanes != machine:
            machine, message = lanes, lanes.message
            set_machine(graph, machine)
        if not widths:
            clusters = by_first_start(clusters, simulate(tasks.graph, clusters, message))
        timeline = simulate(tasks.graph, clusters, message, machine, widths or None)
        outputs = graph.output.values
        program = replace_program(graph, tasks, clusters, outputs, timeline, widths=widths)
        if widths:
            program.attributes[CORES] = IntegerAttr(max(widths), i64)

    def _clusters(
        self, tasks: Tasks, message: MessageCost, machine: Machine | None, lanes: Machine | None
    ) -> tuple[Clusters, list[int]]:
        """The clusters and, if they are not all one core wide, their widths.

        `lanes`: the machine where all are.
        """
        graph, limit, together = tasks.graph, self.max_clusters, tasks.ordered
        if self.algorithm != MOLDABLE:
            message = message if lanes is machine or lanes is None else lanes.message
            return schedule(self.algorithm, graph, message, limit, together, lanes), []
        cores = limit or available_cores()
        clusters, widths = schedule_widths(MOLDABLE, graph, message, cores, together, machine)
        return clusters, widths if max(widths, default=1) > 1 else []
