"""`merge-clusters`: clusters that cannot run at the same time become one."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.costs.machine import machine_of
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.simulator import simulate
from ramiel.transforms.clustered_tasks import take_apart
from ramiel.transforms.task_graph import message_cost
from ramiel.transforms.task_program import replace_program


@dataclass(frozen=True)
class MergeClusters(ModulePass):
    """Let clusters whose spans in the simulation do not overlap share a worker.

    Args:
        max_clusters: merge on, down to this number, also clusters that could run side by side.
        message_ns: what a message between two workers costs; None for what the attribute
            `machine` of the program says, else 10 µs; 0 where no operation has a cost.
        message_ns_per_byte: what it costs beside that for each byte; None as for message_ns.

    Raises RamielError for fewer than one cluster and for a bad cost.
    """

    name = "merge-clusters"
    max_clusters: int | None = None
    message_ns: int | None = None
    message_ns_per_byte: float | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.max_clusters is not None and self.max_clusters < 1:
            raise RamielError(
                f"merge-clusters: max-clusters must be at least 1, not {self.max_clusters}"
            )
        for program in [nested for nested in op.walk() if isinstance(nested, ProgramOp)]:
            if any(cluster.cores != 1 for cluster in program.clusters):
                remark("not merged: it has clusters that are wider than one core", program)
                continue
            self.merge(program)

    def merge(self, program: ProgramOp) -> None:
        """Replace one program by the merged one."""
        clustered = take_apart(program)
        tasks = clustered.tasks
        machine = machine_of(program)
        message = message_cost(self.message_ns, tasks, self.message_ns_per_byte, machine)
        clusters = merge_clusters(
            tasks.graph, clustered.clusters, message, self.max_clusters, machine
        )
        timeline = simulate(tasks.graph, clusters, message, machine)
        replace_program(program, tasks, clusters, clustered.outputs, timeline)
