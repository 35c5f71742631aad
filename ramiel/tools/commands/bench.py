"""`ramiel bench`: serial on one core, serial on all cores, parallel, in one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.backend.module_printer import prediction
from ramiel.backend.package import write_package
from ramiel.batches import batch_of_inputs, join_inputs
from ramiel.benchmarking import Timing, measure
from ramiel.cores import available_cores
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task_workers import samples_of
from ramiel.driver import compile_model, load
from ramiel.runtime.model import EXECUTORS
from ramiel.tools.commands.common import (
    add_compiler_options,
    add_model,
    dims_of_options,
    options_of,
    progress,
)
from ramiel.weights import contiguous

HELP = "time serial on 1 core, serial on all cores, and parallel"
EXAMPLE = "ramiel bench googlenet.onnx --json googlenet.json"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    command.add_argument("--seconds", type=float, default=1.0, help="of a round (default: 1)")
    command.add_argument(
        "--executor",
        choices=list(EXECUTORS),
        default="threads",
        help="of the parallel program, which is scheduled for it (default: threads)",
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="write the timings here")
    add_compiler_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Compile by force to a parallel program, time it, print the ratios."""
    cores = available_cores()
    options = options_of(arguments)
    graph = next(op for op in load(arguments.model).ops if isinstance(op, GraphOp))
    load_average = os.getloadavg()[0]
    with (
        progress(f"timing {arguments.model.name}") as step,
        tempfile.TemporaryDirectory(prefix="ramiel-") as folder,
    ):
        directory = Path(folder)
        forced = replace(options, force_parallel=True, executor=arguments.executor)
        compilation = compile_model(arguments.model, forced, step, package="timed")
        write_package(compilation.program, directory / "timed")
        program = compilation.program
        samples = batch_of_inputs(program, graph, dims=dims_of_options(options))
        inputs = join_inputs(program, samples)
        save_file(
            {name: contiguous(array) for name, array in inputs.items()},
            directory / "inputs.safetensors",
        )
        step("running")
        timings = measure(
            directory / "timed",
            directory / "inputs.safetensors",
            cores,
            arguments.rounds,
            arguments.seconds,
            arguments.executor,
        )
    _print(timings, compilation.verdict, cores, load_average)
    if arguments.json is not None:
        report = {
            "model": arguments.model.name,
            "machine": platform.machine(),
            "cores": cores,
            "torch": torch.__version__,
            "load": load_average,
            "clusters": len(program.clusters),
            "samples": samples_of(program),
            "predicted_serial_ns": prediction(program, "predicted_serial_ns"),
            "predicted_makespan_ns": prediction(program, "predicted_makespan_ns"),
            "median_ms": {timing.name: timing.median * 1e3 for timing in timings},
            "calls_ms": {timing.name: [s * 1e3 for s in timing.seconds] for timing in timings},
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _print(timings: list[Timing], verdict: str, cores: int, load_average: float) -> None:
    baseline = timings[0].median
    table = Table("contender", "median", "10 % to 90 %", "speed-up")
    for timing in timings:
        low, high = timing.spread
        table.add_row(
            timing.name,
            f"{timing.median * 1e3:.2f} ms",
            f"{low * 1e3:.2f} to {high * 1e3:.2f}",
            f"{baseline / timing.median:.2f}x",
        )
    Console(width=None if Console().is_terminal else 100).print(table)
    parallel = timings[-1].median
    best = min(timing.median for timing in timings[:-1])
    print(f"{verdict}; against the best serial run: {best / parallel:.2f}x")
    if load_average > 0.5 * cores:
        print(f"warning: the machine was busy (load {load_average:.1f}): trust only the ratios")
