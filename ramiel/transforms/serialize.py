"""`serialize`: all operations of a task program in one cluster, in the order of the data."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.costs.machine import machine_of
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.scheduling.simulator import simulate
from ramiel.transforms.clustered_tasks import take_apart
from ramiel.transforms.task_graph import message_cost
from ramiel.transforms.task_program import replace_program


@dataclass(frozen=True)
class Serialize(ModulePass):
    """What a program becomes whose clusters do not pay.

    Args:
        width: the cores that the operators use.

    Raises RamielError for a width below one.
    """

    name = "serialize"
    width: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.width < 1:
            raise RamielError(f"serialize: width must be at least 1, not {self.width}")
        for program in [nested for nested in op.walk() if isinstance(nested, ProgramOp)]:
            self.serialize(program)

    def serialize(self, program: ProgramOp) -> None:
        """Replace one program by the serial one."""
        machine = machine_of(program)
        clustered = take_apart(program)
        graph = clustered.tasks.graph
        clusters = [list(graph.order)]
        message = message_cost(None, clustered.tasks, None, machine)
        timeline = simulate(graph, clusters, message, machine, [self.width])
        widths = [self.width]
        replace_program(
            program, clustered.tasks, clusters, clustered.outputs, timeline, widths=widths
        )
