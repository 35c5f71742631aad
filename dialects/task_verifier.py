"""The proof that a task program cannot deadlock.

Hypotheses, which every executor must honour: each cluster has a worker of its own; a channel
carries one message a call, from one send to one receive, both at the top level of their cluster;
a send never waits.  Then a worker waits only in a receive, and the program finishes if and only if
the order of operations inside the clusters together with the messages has no cycle.

A program that says how many cores it is made for is also checked against that number.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects.dataflow import verify_topological_order
from ramiel.dialects.fault import Fault
from ramiel.dialects.task import (
    ChannelOp,
    ClusterOp,
    OutputOp,
    ProgramOp,
    RecvOp,
    SendOp,
    WorkerOp,
)
from ramiel.dialects.task_cores import CORES, verify_cores
from ramiel.dialects.task_workers import verify_workers


def verify_program(program: ProgramOp) -> None:
    """Check a program.  Raises VerifyException naming the cluster, channel or result at fault."""
    known = {*program.block.args, *(channel.result for channel in program.channels)}
    for op in program.block.ops:
        if not isinstance(op, ClusterOp | ChannelOp | WorkerOp):
            raise Fault(op, f"{op.name} stands outside the clusters")
    names: set[str] = set()
    for cluster in program.clusters:
        if cluster.sym_name.data in names:
            raise Fault(cluster, f"two clusters are called @{cluster.sym_name.data}")
        names.add(cluster.sym_name.data)
    for channel in program.channels:
        _verify_channel(channel)
    _verify_outputs(program)
    for cluster in program.clusters:
        try:
            verify_topological_order(cluster.block, set(known))
        except Fault as error:
            raise Fault(error.operation, f"in @{cluster.sym_name.data}: {error}") from None
    _verify_no_deadlock(program)
    verify_workers(program)
    cores = program.attributes.get(CORES)
    if isinstance(cores, IntegerAttr):
        verify_cores(program, cores.value.data)


def _cluster_name(op: Operation) -> str:
    parent = op.parent_op()
    assert isinstance(parent, ClusterOp)
    return parent.sym_name.data


def _verify_channel(channel: ChannelOp) -> None:
    users = list(channel.users())
    for op in users:
        if not isinstance(op, SendOp | RecvOp) or not isinstance(op.parent_op(), ClusterOp):
            raise Fault(op, "a channel is used only by sends and receives of clusters")
    for kind, what in ((SendOp, "senders"), (RecvOp, "receivers")):
        found = [op for op in users if isinstance(op, kind)]
        if len(found) != 1:
            name = channel.result.name_hint or "…"
            at, count = found[-1] if found else channel, len(found)
            raise Fault(at, f"channel %{name} has {count} {what}, it needs one")
    if channel.send.parent_op() is channel.recv.parent_op():
        raise Fault(channel.recv, f"@{_cluster_name(channel.send)} sends a message to itself")


def _verify_outputs(program: ProgramOp) -> None:
    results = program.function_type.outputs.data
    written: dict[int, OutputOp] = {}
    for cluster in program.clusters:
        for op in cluster.block.ops:
            if not isinstance(op, OutputOp):
                continue
            if op.position in written:
                raise Fault(op, f"result {op.position} is written twice")
            if not 0 <= op.position < len(results):
                raise Fault(op, f"there is no result {op.position}")
            if op.value.type != results[op.position]:
                raise Fault(op, f"result {op.position} has another type")
            written[op.position] = op
    for index in range(len(results)):
        if index not in written:
            raise VerifyException(f"result {index} is never written")


def _verify_no_deadlock(program: ProgramOp) -> None:
    """Sends, receives and their order in each cluster must form a graph without a cycle."""
    order: TopologicalSorter[Operation] = TopologicalSorter()
    for cluster in program.clusters:
        messages = [op for op in cluster.block.ops if isinstance(op, SendOp | RecvOp)]
        for earlier, later in pairwise(messages):
            order.add(later, earlier)
    for channel in program.channels:
        order.add(channel.recv, channel.send)
    try:
        order.prepare()
    except CycleError as error:
        cycle: list[Operation] = error.args[1]
        blocked = [op for op in cycle if isinstance(op, RecvOp)]
        names = ", ".join(f"@{name}" for name in dict.fromkeys(map(_cluster_name, blocked)))
        raise Fault(blocked[0], f"deadlock: {names} wait for each other") from None
