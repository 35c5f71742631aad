"""`ramiel verify`: does the compiled model compute what the ONNX model says?"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ramiel.backend.package import write_package
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Progress, compile_model, load
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.sampling import sample_inputs
from ramiel.tools.commands.common import (
    add_compiler_options,
    add_model,
    dims_of_options,
    options_of,
    progress,
)
from ramiel.verification import (
    LEAST_VARIATION,
    RELATIVE_TOLERANCE,
    Difference,
    Reference,
    call,
    compare,
)

HELP = "compare the compiled model, serial and parallel, with onnxruntime"
EXAMPLE = "ramiel verify googlenet.onnx"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument("--seed", type=int, default=0, help="of the random inputs (default: 0)")
    add_compiler_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Verify and print a table; 1 if an output is out of tolerance."""
    with progress(f"verifying {arguments.model.name}") as step:
        reference, differences = verify(arguments, step)
    table = Table("output", "executor", "largest difference", "relative", "varies by")
    for item in differences:
        table.add_row(
            item.output,
            item.executor,
            f"{item.absolute:.3g}",
            f"{item.relative:.3g}" + ("" if item.ok else "  OUT OF TOLERANCE"),
            f"{item.variation:.3g}",
        )
    Console(width=None if Console().is_terminal else 100).print(table)
    wrong = sum(not item.ok for item in differences)
    for item in differences:
        if item.executor == "serial" and item.variation < LEAST_VARIATION:
            print(f"warning: {item.output} hardly depends on its input: this proves little")
    if wrong:
        print(f"{wrong} of {len(differences)} differ from {reference} by > {RELATIVE_TOLERANCE:g}")
        return 1
    print(f"all within {RELATIVE_TOLERANCE:g} of {reference}")
    return 0


def verify(arguments: argparse.Namespace, step: Progress) -> tuple[str, list[Difference]]:
    """Compile to a temporary folder, run serial and threads, compare with the reference."""
    path: Path = arguments.model
    options = options_of(arguments)
    dims = dims_of_options(options)
    graph = next(op for op in load(path).ops if isinstance(op, GraphOp))
    first, second = (sample_inputs(graph, arguments.seed + i, dims) for i in (0, 1))
    step("running the reference")
    reference = Reference(path)
    try:
        expected, other = reference.run(first), reference.run(second)
    except Exception as error:
        raise RamielError(f"{reference.name} cannot run {path}: {error}") from error
    differences: list[Difference] = []
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        # Forced: what is verified is the parallel program, whether or not it pays.
        compilation = compile_model(
            path, replace(options, force_parallel=True), step, package="verified"
        )
        write_package(compilation.program, Path(folder) / "verified")
        package = import_package(Path(folder) / "verified")
        for executor in ("serial", "threads"):
            step(f"running {executor}")
            with package.Model.load(executor=executor) as model:
                names = model.outputs
                outputs = call(model, first)
            differences += compare(names, executor, outputs, expected, other)
    return reference.name, differences
