"""`ramiel info`: how much parallelism a model has, and what clustering makes of it."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ramiel.backend.cluster_printer import milliseconds
from ramiel.dialects.onnx_operation import CustomOp, OnnxOperation
from ramiel.driver import compile_model, load, prediction
from ramiel.tools.commands.common import add_compiler_options, add_model, options_of, progress

HELP = "show a model's operators, potential parallelism and clusters"
EXAMPLE = "ramiel info googlenet.onnx --workers 2"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    add_compiler_options(command)


def operator_counts(path: Path) -> Counter[str]:
    """How many nodes of each operator type the model has."""
    counts: Counter[str] = Counter()
    for graph in load(path).ops:
        for op in graph.walk():
            if isinstance(op, OnnxOperation):
                counts[op.operator] += 1
            elif isinstance(op, CustomOp):
                counts[f"{op.domain.data}.{op.op_type.data}"] += 1
    return counts


def run(arguments: argparse.Namespace) -> int:
    """Print two tables."""
    with progress(f"analysing {arguments.model.name}") as step:
        counts = operator_counts(arguments.model)
        compilation = compile_model(arguments.model, options_of(arguments), step)
    program = compilation.program
    serial = prediction(program, "predicted_serial_ns")
    makespan = prediction(program, "predicted_makespan_ns")
    console = Console(width=None if Console().is_terminal else 100)
    table = Table(show_header=False)
    table.add_row("nodes", str(sum(counts.values())))
    table.add_row("operators", ", ".join(f"{name} {n}" for name, n in counts.most_common()))
    found = compilation.parallelism
    path = f"{milliseconds(found.critical_path)} ({1 / found.parallelism:.0%} of the cost)"
    table.add_row("operations after pruning", str(found.nodes))
    table.add_row("total cost (static)", milliseconds(found.total_cost))
    table.add_row("critical path", path)
    table.add_row("parallelism", f"{found.parallelism:.2f}")
    table.add_row(
        "clusters",
        f"{compilation.clusters_before_merging} before merging, {len(program.clusters)} after",
    )
    table.add_row("messages", str(len(program.channels)))
    if makespan:
        table.add_row("predicted speed-up", f"{serial / makespan:.2f}")
    table.add_row("verdict", compilation.verdict)
    console.print(table)
    return 0
