"""The proof that a program for several samples runs each sample whole and cannot deadlock.

Hypotheses, beside those of `task_verifier`: each worker runs its stages in order, one after the
other; each channel carries one message for each sample.  Then a worker waits only in a receive, and
all samples finish if and only if the order of sends and receives on the workers, together with the
messages, has no cycle.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeAlias

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects.fault import Fault
from ramiel.dialects.task import ClusterOp, ProgramOp, RecvOp, RunOp, SendOp, StageOp

SAMPLES = "samples"
"""How many samples a program with workers computes."""
BATCH_INPUTS = "batch_inputs"
"""The positions of the arguments of which each sample has its own, split along axis 0."""

Point: TypeAlias = tuple[Operation, int]
"""A send or receive, and the sample for which it happens."""


def stages_of(cluster: ClusterOp) -> list[list[Operation]]:
    """The operations of each stage of a cluster, without the `task.stage` between them."""
    stages: list[list[Operation]] = [[]]
    for op in cluster.block.ops:
        if isinstance(op, StageOp):
            stages.append([])
        else:
            stages[-1].append(op)
    return stages


def samples_of(program: ProgramOp) -> int:
    """How many samples the program computes in a call: 1 unless it has workers."""
    samples = program.attributes.get(SAMPLES)
    return samples.value.data if isinstance(samples, IntegerAttr) else 1


def split_positions(program: ProgramOp) -> list[int]:
    """The positions of the arguments of which each sample has its own part."""
    positions = program.attributes.get(BATCH_INPUTS)
    if not isinstance(positions, ArrayAttr):
        return []
    return [
        item.value.data
        for item in positions  # pyright: ignore[reportUnknownVariableType]
        if isinstance(item, IntegerAttr)
    ]


def verify_workers(program: ProgramOp) -> None:
    """Check the workers of a program, if it has any.  Raises VerifyException."""
    stages = {cluster.sym_name.data: stages_of(cluster) for cluster in program.clusters}
    if not program.workers:
        if any(len(cut) > 1 for cut in stages.values()):
            raise VerifyException("there are stages, but no task.worker runs them")
        return
    _verify_batch(program)
    _verify_runs(program, stages)
    order: TopologicalSorter[Point] = TopologicalSorter()
    for worker in program.workers:
        points = [
            (op, run.sample.value.data)
            for run in worker.runs
            for op in stages[run.cluster.data][run.stage.value.data]
            if isinstance(op, SendOp | RecvOp)
        ]
        for earlier, later in pairwise(points):
            order.add(later, earlier)
    for channel in program.channels:
        for sample in range(samples_of(program)):
            order.add((channel.recv, sample), (channel.send, sample))
    try:
        order.prepare()
    except CycleError as error:
        cycle: list[Point] = error.args[1]
        waiting = dict.fromkeys(
            f"@{_name(op)} of sample {sample}" for op, sample in cycle if isinstance(op, RecvOp)
        )
        at = next(op for op, _ in cycle if isinstance(op, RecvOp))
        raise Fault(at, f"deadlock: {', '.join(waiting)} wait for each other") from None


def _verify_batch(program: ProgramOp) -> None:
    if samples_of(program) < 1 or SAMPLES not in program.attributes:
        raise VerifyException(f"a program with workers says how many {SAMPLES} it computes")
    positions: Attribute | None = program.attributes.get(BATCH_INPUTS)
    known = range(len(program.arguments))
    if not isinstance(positions, ArrayAttr) or not all(
        isinstance(item, IntegerAttr) and item.value.data in known
        for item in positions  # pyright: ignore[reportUnknownVariableType]
    ):
        raise VerifyException(f"{BATCH_INPUTS} must list positions of arguments")


def _verify_runs(program: ProgramOp, stages: dict[str, list[list[Operation]]]) -> None:
    """Each stage of each cluster runs once for each sample, in order, on one worker a sample."""
    next_stage: dict[tuple[str, int], int] = {}
    home: dict[tuple[str, int], str] = {}
    for worker in program.workers:
        for run in worker.runs:
            key = _checked(run, stages, samples_of(program))
            if home.setdefault(key, worker.sym_name.data) != worker.sym_name.data:
                raise Fault(run, f"two workers run @{key[0]} of sample {key[1]}")
            if run.stage.value.data != next_stage.get(key, 0):
                raise Fault(
                    run,
                    f"@{key[0]} of sample {key[1]} runs stage {run.stage.value.data} "
                    f"where stage {next_stage.get(key, 0)} is next",
                )
            next_stage[key] = run.stage.value.data + 1
    for name, cut in stages.items():
        for sample in range(samples_of(program)):
            done = next_stage.get((name, sample), 0)
            if done < len(cut):
                raise VerifyException(f"no worker runs @{name} stage {done} sample {sample}")


def _checked(run: RunOp, stages: dict[str, list[list[Operation]]], samples: int) -> tuple[str, int]:
    name, stage, sample = run.cluster.data, run.stage.value.data, run.sample.value.data
    if name not in stages:
        raise Fault(run, f"there is no cluster @{name} to run")
    if not 0 <= stage < len(stages[name]):
        raise Fault(run, f"@{name} has no stage {stage}")
    if not 0 <= sample < samples:
        raise Fault(run, f"there is no sample {sample}")
    return name, sample


def _name(op: Operation) -> str:
    cluster = op.parent_op()
    assert isinstance(cluster, ClusterOp)
    return cluster.sym_name.data
