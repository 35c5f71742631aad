"""`ramiel compile`: an ONNX model becomes a package."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from ramiel.backend.package import check_destination, write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.options import STYLES, Options
from ramiel.pass_verification import verify_passes
from ramiel.runtime.model import EXECUTORS
from ramiel.styles import compile_style, write_styled
from ramiel.tools.commands.common import (
    add_compiler_options,
    add_model,
    add_style,
    dims_of_options,
    options_of,
    progress,
)
from ramiel.tools.commands.verify import report
from ramiel.verification import verify_model

HELP = "write a model as a package of parallel PyTorch"
EXAMPLE = "ramiel compile googlenet.onnx -o googlenet --workers 2 --name GoogLeNet"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_model(command)
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="the package's folder"
    )
    command.add_argument("--name", help="the class's name (default: from the folder's)")
    command.add_argument(
        "--emit-ir", action="store_true", help="also write the IR after each pass to DIR/ir"
    )
    command.add_argument(
        "--force", action="store_true", help="replace a folder that Ramiel did not make"
    )
    command.add_argument(
        "--verbose", action="store_true", help="say what passes did not do, and why"
    )
    command.add_argument(
        "--executor",
        choices=list(EXECUTORS),
        default="threads",
        help="schedule for what messages of this one cost (default: threads); the package runs on "
        "every executor all the same",
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="write nothing unless each pass, and the package, compute what the model says",
    )
    add_style(command)
    add_compiler_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Compile, write, and say what was decided."""
    started = time.perf_counter()
    directory: Path = arguments.output.absolute()
    # Before the long part: a folder that cannot be written is known at once.
    check_destination(directory, arguments.force)
    options = replace(options_of(arguments), executor=arguments.executor)
    if arguments.verify and not verified(arguments, options):
        return 1
    if options.style != STYLES[0]:
        return write_style(arguments, options, started)
    with progress(f"compiling {arguments.model.name}") as step:
        compilation = compile_model(
            arguments.model,
            options,
            step,
            keep_ir=arguments.emit_ir,
            package=directory.name,
        )
        step("writing the package")
        write_package(
            compilation.program,
            directory,
            arguments.name,
            arguments.force,
            ir=compilation.stages,
            ir_weights=compilation.weights_of_stages,
            more_files={"costs.json": compilation.costs},
        )
    seconds = time.perf_counter() - started
    if arguments.verbose:
        for text in compilation.remarks:
            print(f"remark: {text}")
    print(f"{arguments.output}: {compilation.verdict} ({seconds:.1f} s)")
    return 0


def verified(arguments: argparse.Namespace, options: Options) -> bool:
    """Whether the model's outputs are the reference's, after each pass and in the package."""
    dims = dims_of_options(options)
    with progress(f"verifying {arguments.model.name}") as step:
        count = verify_passes(arguments.model, options, step, dims)
        found = verify_model(arguments.model, options, step, dims=dims)
    print(f"each of {count} passes leaves the outputs as they are")
    return report(found, options.tolerance) == 0


def write_style(arguments: argparse.Namespace, options: Options, started: float) -> int:
    """Compile without clusters and write.  Raises RamielError for options of clusters."""
    if arguments.emit_ir:
        raise RamielError(f"--emit-ir goes with --style {STYLES[0]}")
    directory: Path = arguments.output.absolute()
    with progress(f"compiling {arguments.model.name}") as step:
        styled = compile_style(arguments.model, options, step, directory.name)
        step("writing")
        write_styled(styled, directory, arguments.name, arguments.force)
    seconds = time.perf_counter() - started
    lines = len((directory / "model.py").read_text(encoding="utf-8").splitlines())
    print(f"{arguments.output}: style {options.style}, model.py of {lines} lines ({seconds:.1f} s)")
    return 0
