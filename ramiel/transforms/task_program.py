"""From scheduled tasks to a task.program: clusters, channels, sends and receives."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from ramiel.dialects.program import ProgramOperation
from ramiel.dialects.task import ChannelOp, ClusterOp, OutputOp, ProgramOp, RecvOp, SendOp
from ramiel.locations import inherit_location
from ramiel.scheduling.simulator import Timeline
from ramiel.scheduling.task_graph import Clusters, cluster_of_each
from ramiel.transforms.task_graph import Tasks, is_immediate

SERIAL = "predicted_serial_ns"
MAKESPAN = "predicted_makespan_ns"
CLUSTER_COST = "cost_ns"


def replace_program(
    source: ProgramOperation,
    tasks: Tasks,
    clusters: Clusters,
    outputs: Sequence[SSAValue],
    timeline: Timeline,
    *,
    widths: Sequence[int] = (),
) -> ProgramOp:
    """Put a task.program in the place of a graph or program, and move its operations there.

    Args:
        source: what is replaced; its name, properties, attributes and location are kept.
        tasks: its operations.
        clusters: the tasks of each cluster, in order.
        outputs: the values of the program's results.
        timeline: the prediction for the clusters, recorded unless no operation has a cost.
        widths: the cores of each cluster; none given: one each.

    """
    block = source.parent
    assert block is not None
    program = ProgramOp(source.sym_name.data, source.function_type)
    program.properties.update(source.properties)
    program.attributes.update(source.attributes)
    program.location = source.location
    writer = _ProgramWriter(tasks, clusters or [[]], outputs)
    for old, new in zip(source.arguments, program.arguments, strict=True):
        new.name_hint = old.name_hint
        writer.everywhere[old] = new
    bodies = [writer.write_cluster(index) for index in range(len(writer.clusters))]
    for channels in writer.channels.values():
        program.block.add_ops(channels.values())
    program.block.add_ops(
        ClusterOp(f"cluster_{index}", Region(body), widths[index] if widths else 1)
        for index, body in enumerate(bodies)
    )
    record_prediction(program, timeline if tasks.has_costs else None)
    block.insert_op_before(program, source)
    block.detach_op(source)
    source.erase(safe_erase=False)
    return program


def record_prediction(program: ProgramOp, timeline: Timeline | None) -> None:
    """Attach the predicted times, for whoever prints the program; None takes them away."""
    program.attributes.pop(SERIAL, None)
    program.attributes.pop(MAKESPAN, None)
    if timeline is None:
        return
    program.attributes[SERIAL] = IntegerAttr(timeline.serial, i64)
    program.attributes[MAKESPAN] = IntegerAttr(timeline.makespan, i64)
    for cluster, busy in zip(program.clusters, timeline.busy, strict=False):
        cluster.attributes[CLUSTER_COST] = IntegerAttr(busy, i64)


class _ProgramWriter:
    """Writes the clusters one after the other; all share the channels."""

    def __init__(self, tasks: Tasks, clusters: Clusters, outputs: Sequence[SSAValue]) -> None:
        self.tasks = tasks
        self.clusters = clusters
        self.owner = cluster_of_each(tasks.graph, clusters)
        self.everywhere: dict[SSAValue, SSAValue] = {}
        """The program's arguments by those of the source."""
        self.output_indices: dict[SSAValue, list[int]] = {}
        for index, value in enumerate(outputs):
            self.output_indices.setdefault(value, []).append(index)
        self.channels: dict[SSAValue, dict[int, ChannelOp]] = {}
        """By the value that they carry, then by the number of the cluster that reads it."""
        self._open_channels()

    def _open_channels(self) -> None:
        consumers: dict[SSAValue, list[int]] = {}
        for index, cluster in enumerate(self.clusters):
            for value in dict.fromkeys(v for task in cluster for v in self.tasks.reads[task]):
                producer = self.tasks.producer.get(value)
                if producer is not None and self.owner[producer] != index:
                    consumers.setdefault(value, []).append(index)
        for cluster in self.clusters:
            for task in cluster:
                for value in self.tasks.operations[task].results:
                    self.channels[value] = {
                        index: _channel_for(value) for index in consumers.get(value, ())
                    }

    def write_cluster(self, index: int) -> Block:
        """The body of a cluster.  Its operations leave the block that they are in."""
        block = Block()
        local = dict(self.everywhere)
        for task in self.clusters[index]:
            op = self.tasks.operations[task]
            for value in self.tasks.reads[task]:
                if value not in local:
                    local[value] = self._fetch(value, index, block, local)
            if op.parent is not None:  # a new copy stands nowhere yet
                op.detach()
            _replace_operands(op, local)
            block.add_op(op)
            for value in op.results:
                local[value] = value
                self._send(value, block)
        if index == 0:
            self._write_given_outputs(local, block)
        return block

    def _fetch(
        self, value: SSAValue, index: int, block: Block, local: dict[SSAValue, SSAValue]
    ) -> SSAValue:
        """Get a value that another cluster computes, or that exists before the program runs."""
        if value not in self.tasks.producer:
            return self._copy_immediate(value, block, local)
        channel = self.channels[value][index]
        recv = RecvOp(channel.result, value.type)
        recv.result.name_hint = value.name_hint
        inherit_location(self.tasks.operations[self.tasks.producer[value]], recv)
        block.add_op(recv)
        return recv.result

    def _copy_immediate(
        self, value: SSAValue, block: Block, local: dict[SSAValue, SSAValue]
    ) -> SSAValue:
        op = value.owner
        assert isinstance(op, Operation) and is_immediate(op)
        for operand in op.operands:
            if operand not in local:
                local[operand] = self._copy_immediate(operand, block, local)
        copy = op.clone({operand: local[operand] for operand in op.operands})
        inherit_location(op, copy)
        block.add_op(copy)
        return copy.results[op.results.index(value)]

    def _send(self, value: SSAValue, block: Block) -> None:
        """Send a value to whoever reads it, right after it is computed."""
        producer = self.tasks.operations[self.tasks.producer[value]]
        for channel in self.channels[value].values():
            send = SendOp(value, channel.result)
            inherit_location(producer, send)
            block.add_op(send)
        for position in self.output_indices.get(value, ()):
            block.add_op(OutputOp(value, position))

    def _write_given_outputs(self, local: dict[SSAValue, SSAValue], block: Block) -> None:
        """The results that no task computes: arguments, weights and constants."""
        for value, positions in self.output_indices.items():
            if value in self.tasks.producer:
                continue
            if value not in local:
                local[value] = self._copy_immediate(value, block, local)
            for position in positions:
                block.add_op(OutputOp(local[value], position))


def _channel_for(value: SSAValue) -> ChannelOp:
    channel = ChannelOp(value.type)
    channel.result.name_hint = value.name_hint
    return channel


def _replace_operands(op: Operation, values: dict[SSAValue, SSAValue]) -> None:
    """Make an operation and its regions use the values of its cluster."""
    for nested in op.walk():
        operands = tuple(values.get(operand, operand) for operand in nested.operands)
        if operands != tuple(nested.operands):
            nested.operands = operands
