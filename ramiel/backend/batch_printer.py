"""A task.program for several samples: a function for each stage, and what each worker runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import SSAValue

from ramiel.backend.cluster_printer import cluster_name
from ramiel.backend.layout_printer import has_layouts
from ramiel.backend.module_printer import (
    INFERENCE_ONLY,
    declared_input,
    declared_messages,
    print_tuple,
    running_statistics,
)
from ramiel.backend.naming import Names
from ramiel.backend.source import Source, as_comment
from ramiel.backend.stage_printer import PrintedStage, StagePrinter, stages_to_print, value_keys
from ramiel.backend.wrapping import LINE_LENGTH
from ramiel.dialects.task import ProgramOp, WorkerOp
from ramiel.dialects.task_workers import samples_of, split_positions
from ramiel.operators.rendering import format_literal, quote


def print_batch(source: Source, program: ProgramOp, title: str, names: Names) -> None:
    """Print the stages and the model's class.

    Raises RamielError for an operation that is no torch.call.
    """
    keys = value_keys(program, names)
    stages: dict[str, list[PrintedStage]] = {}
    for cluster in program.clusters:
        stages[cluster_name(cluster)] = stages_to_print(program, cluster)
        for stage in stages[cluster_name(cluster)]:
            source.add("", "")
            StagePrinter(source, program, cluster, names, stage, keys).print()
    source.add("")
    for worker in program.workers:
        _print_schedule(source, worker)
    _print_class(source, program, title, names, stages, keys)


def _print_schedule(source: Source, worker: WorkerOp) -> None:
    """What a worker runs, as many as fit on a line."""
    source.add("", f"{_schedule_name(worker)} = (")
    line = ""
    for run in worker.runs:
        name = f"{run.cluster.data}_stage_{run.stage.value.data}"
        item = f"({name}, {run.sample.value.data}),"
        if line and 4 + len(line) + 1 + len(item) > LINE_LENGTH:
            source.add(f"    {line}")
            line = ""
        line = f"{line} {item}".lstrip()
    source.add(f"    {line}", ")")
    source.add(f'"""What {worker.sym_name.data} runs, in order: (stage, sample)."""')


def _schedule_name(worker: WorkerOp) -> str:
    return f"SCHEDULE_OF_{worker.sym_name.data.upper()}"


def _print_class(
    source: Source,
    program: ProgramOp,
    title: str,
    names: Names,
    stages: Mapping[str, Sequence[PrintedStage]],
    keys: Mapping[SSAValue, str],
) -> None:
    samples = samples_of(program)
    origin = as_comment(program.store.path) or "the model"
    source.add("", "", f"class {title}(BatchModel):")
    source.add(f'    """The stages of {origin}, and who runs them for {samples} samples."""', "")
    split = split_positions(program)
    inputs = [
        declared_input(name, argument, samples if position in split else 1)
        for position, (name, argument) in enumerate(
            zip(program.argument_names(), program.arguments, strict=True)
        )
    ]
    print_tuple(source, "inputs", inputs)
    print_tuple(source, "outputs", [quote(name) for name in program.result_names()])
    source.add(f"    samples = {samples}")
    print_tuple(source, "split", [quote(program.argument_names()[i]) for i in split])
    if INFERENCE_ONLY in program.attributes:
        source.add("    inference_only = True")
    elif statistics := running_statistics(program):
        print_tuple(source, "running_statistics", [quote(name) for name in statistics])
    entries = [
        f"Stage({stage.name}, {quote(cluster)}, "
        f"reads={format_literal([keys[value] for value in stage.reads])})"
        for cluster, cut in stages.items()
        for stage in cut
    ]
    print_tuple(source, "stages", entries)
    print_tuple(source, "messages", declared_messages(program, names))
    print_tuple(source, "schedules", [_schedule_name(worker) for worker in program.workers])
    prepared = [cluster_name(cluster) for cluster in program.clusters if has_layouts(cluster)]
    if prepared:
        entries = [f"{quote(name)}: layouts.{name}" for name in prepared]
        source.statement(f"layouts = {{{', '.join(entries)}}}")
    source.add("", "", f"Model = {title}")
