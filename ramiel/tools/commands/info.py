"""`ramiel info`: how much parallelism a model has, and what clustering makes of it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from xdsl.dialects.builtin import ModuleOp

from ramiel.backend.cluster_printer import milliseconds
from ramiel.cores import available_cores
from ramiel.dialects.onnx_operation import CustomOp, OnnxOperation
from ramiel.driver import estimate, load, lower_model, machine_of_module, tasks_of
from ramiel.scheduling.algorithms import MOLDABLE, schedule_widths
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.report import ScheduleReport, report_schedule
from ramiel.tools.commands.common import add_compiler_options, add_model, options_of, progress
from ramiel.transforms.task_graph import Tasks

HELP = "show a model's operators, potential parallelism and clusters"
EXAMPLE = "ramiel info googlenet.onnx --workers 2,4,8,16"
JSON_KEYS = (
    *("workers", "nodes", "total_cost_ns", "critical_path_ns", "clusters", "merged_clusters"),
    *("messages", "message_bytes", "makespan_ns", "bound_ns", "gap_percent", "speedup"),
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument(
        "--json", action="store_true", help="print a list with an object for each worker count"
    )
    add_compiler_options(command, several=True)


def operator_counts(module: ModuleOp) -> Counter[str]:
    """How many nodes of each operator type a lifted model has."""
    counts: Counter[str] = Counter()
    for op in module.walk():
        if isinstance(op, OnnxOperation):
            counts[op.operator] += 1
        elif isinstance(op, CustomOp):
            counts[f"{op.domain.data}.{op.op_type.data}"] += 1
    return counts


def run(arguments: argparse.Namespace) -> int:
    """Print two tables, or JSON."""
    with progress(f"analysing {arguments.model.name}") as step:
        module = load(arguments.model)
        counts = operator_counts(module)
        options = options_of(arguments)
        estimate(lower_model(module, options, step), options)
        tasks, machine = tasks_of(module), machine_of_module(module)
        reports: list[ScheduleReport] = []
        for workers in arguments.workers or [available_cores()]:
            step(f"scheduling for {workers} workers")
            reports.append(_report(tasks, workers, machine))
    if arguments.json:
        print(json.dumps([{key: getattr(r, key) for key in JSON_KEYS} for r in reports], indent=2))
        return 0
    console = Console(width=None if Console().is_terminal else 100)
    console.print(_model_table(counts, reports[0], options.model))
    console.print(_workers_table(reports))
    for report in reports:
        if not report.pays:
            print(f"{report.workers} workers: serial is as fast: {report.reason()}")
    return 0


def _report(tasks: Tasks, workers: int, machine: Machine) -> ScheduleReport:
    """What `ramiel compile` would make of it for so many workers, each with a core of its own."""
    if machine.cores is not None:
        machine = replace(machine, cores=max(machine.cores, workers))
    graph, message = tasks.graph, machine.message
    clusters, widths = schedule_widths(MOLDABLE, graph, message, workers, tasks.ordered, machine)
    return report_schedule(graph, clusters, message, workers, machine, widths)


def _model_table(counts: Counter[str], report: ScheduleReport, model: str) -> Table:
    total, path = report.total_cost_ns, report.critical_path_ns
    table = Table(show_header=False)
    table.add_row("nodes", str(sum(counts.values())))
    table.add_row("operators", ", ".join(f"{name} {n}" for name, n in counts.most_common()))
    table.add_row("operations after pruning", str(report.nodes))
    table.add_row(f"total cost ({model})", milliseconds(total))
    share = f" ({path / total:.0%} of the cost)" if total else ""
    table.add_row("critical path", milliseconds(path) + share)
    table.add_row("parallelism", f"{total / path if path else 1:.2f}")
    return table


def _workers_table(reports: Sequence[ScheduleReport]) -> Table:
    table = Table(
        *("workers", "clusters", "merged", "messages", "KiB", "predicted", "bound", "gap"),
        "speed-up",
    )
    for report in reports:
        table.add_row(
            str(report.workers),
            str(report.clusters),
            str(report.merged_clusters),
            str(report.messages),
            str(report.message_bytes // 1024),
            milliseconds(report.makespan_ns),
            milliseconds(report.bound_ns),
            f"{report.gap_percent:.1f} %",
            f"{report.speedup:.2f}",
        )
    return table
