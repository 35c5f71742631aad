"""`ramiel verify`: does the compiled model compute what the ONNX model says?"""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from ramiel.runtime.model import EXECUTORS
from ramiel.tools.commands.common import (
    add_compiler_options,
    add_model,
    add_style,
    dims_of_options,
    options_of,
    progress,
)
from ramiel.verification import LEAST_VARIATION, VERIFIED, Verification, verify_model

HELP = "compare the compiled model, serial and parallel, with onnxruntime"
EXAMPLE = "ramiel verify googlenet.onnx"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument("--seed", type=int, default=0, help="of the random inputs (default: 0)")
    command.add_argument(
        "--executor",
        choices=list(EXECUTORS),
        action="append",
        help=f"run this one; can be repeated (default: {' and '.join(VERIFIED)})",
    )
    add_style(command)
    add_compiler_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Verify and print a table; 1 if an output is out of tolerance."""
    with progress(f"verifying {arguments.model.name}") as step:
        options = options_of(arguments)
        found = verify_model(
            arguments.model,
            options,
            step,
            seed=arguments.seed,
            dims=dims_of_options(options),
            executors=arguments.executor or VERIFIED,
        )
    return report(found, options.tolerance)


def report(found: Verification, tolerance: float) -> int:
    """Print the table; returns 1 if an output is out of tolerance."""
    table = Table("output", "executor", "largest difference", "relative", "varies by")
    for item in found.differences:
        table.add_row(
            item.output,
            item.executor,
            f"{item.absolute:.3g}",
            f"{item.relative:.3g}" + ("" if item.ok else "  OUT OF TOLERANCE"),
            f"{item.variation:.3g}",
        )
    Console(width=None if Console().is_terminal else 100).print(table)
    wrong = sum(not item.ok for item in found.differences)
    for item in found.differences:
        if item.executor == found.differences[0].executor and item.variation < LEAST_VARIATION:
            print(f"warning: {item.output} hardly depends on its input: this proves little")
    for agreement in found.agreements:
        print(agreement.text)
    if wrong:
        count = len(found.differences)
        print(f"{wrong} of {count} differ from {found.reference} by > {tolerance:g}")
        return 1
    print(f"all within {tolerance:g} of {found.reference}")
    return 0
