"""`ramiel schedule`: what the scheduling algorithms make of a model, side by side."""

from __future__ import annotations

import argparse
import time

from rich.console import Console
from rich.table import Table

from ramiel.backend.cluster_printer import milliseconds
from ramiel.driver import estimate, load, lower_model, machine_of_module, tasks_of
from ramiel.scheduling.algorithms import MOLDABLE, NAMES, schedule_widths
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.report import report_schedule
from ramiel.scheduling.simulator import simulate
from ramiel.tools.commands.common import add_compiler_options, add_model, options_of, progress
from ramiel.transforms.task_graph import Tasks

HELP = "show what each worker does, or compare the scheduling algorithms"
EXAMPLE = "ramiel schedule googlenet.onnx --compare --workers 2"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument(
        "--compare", action="store_true", help="every algorithm, one a line, instead of workers"
    )
    command.add_argument(
        "--algorithm",
        choices=sorted(NAMES),
        default=MOLDABLE,
        help=f"whose workers to show (default: {MOLDABLE}, as compile has it)",
    )
    add_compiler_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Print a table."""
    options = options_of(arguments)
    workers = options.usable_workers
    with progress(f"scheduling {arguments.model.name}") as step:
        module = load(arguments.model)
        estimate(lower_model(module, options, step), options)
        tasks, machine = tasks_of(module), machine_of_module(module)
        if arguments.compare:
            table = _compare(tasks, workers, machine)
        else:
            table = _workers(tasks, workers, arguments.algorithm, machine)
    Console(width=None if Console().is_terminal else 100).print(table)
    return 0


def _compare(tasks: Tasks, workers: int, machine: Machine) -> Table:
    """A line for each algorithm."""
    message = machine.message
    table = Table(
        *("algorithm", "clusters", "messages", "makespan", "bound", "gap", "speed-up", "seconds")
    )
    for name in NAMES:
        started = time.perf_counter()
        clusters, widths = schedule_widths(
            name, tasks.graph, message, workers, tasks.ordered, machine
        )
        seconds = time.perf_counter() - started
        report = report_schedule(tasks.graph, clusters, message, workers, machine, widths)
        table.add_row(
            name,
            str(report.merged_clusters),
            str(report.messages),
            milliseconds(report.makespan_ns),
            milliseconds(report.bound_ns),
            f"{report.gap_percent:.1f} %",
            f"{report.speedup:.2f}",
            f"{seconds:.2f}",
        )
    return table


def _workers(tasks: Tasks, workers: int, algorithm: str, machine: Machine) -> Table:
    """A line for each worker."""
    message = machine.message
    clusters, widths = schedule_widths(
        algorithm, tasks.graph, message, workers, tasks.ordered, machine
    )
    timeline = simulate(tasks.graph, clusters, message, machine, widths)
    table = Table("cluster", "cores", "operations", "from", "to", "busy", "idle")
    for index, operations in enumerate(clusters):
        start, end = timeline.spans[index]
        table.add_row(
            f"cluster_{index}",
            str(widths[index]),
            str(len(operations)),
            milliseconds(start),
            milliseconds(end),
            milliseconds(timeline.busy[index]),
            milliseconds(timeline.idle[index]),
        )
    return table
