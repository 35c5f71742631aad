"""`ramiel run`: run a package or a model on files or random inputs."""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.runtime.command_line import add_arguments as add_runtime_arguments
from ramiel.tools.commands.common import add_compiler_options, options_of, progress

HELP = "run a compiled package, or a model, on .npy files or random inputs"
EXAMPLE = "ramiel run googlenet --input data=image.npy -o outputs"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    command.add_argument(
        "model", type=Path, metavar="DIR|MODEL.onnx", help="a compiled package, or an ONNX model"
    )
    add_runtime_arguments(command)
    add_compiler_options(command, dims=False)


@contextmanager
def package_of(arguments: argparse.Namespace) -> Generator[ModuleType]:
    """The package in a folder, or that a model compiles to."""
    path: Path = arguments.model
    if path.is_dir():
        yield import_package(path)
        return
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        with progress(f"compiling {path.name}") as step:
            compilation = compile_model(path, options_of(arguments), step, package=path.stem)
        write_package(compilation.program, Path(folder) / "package")
        yield import_package(Path(folder) / "package")


def run(arguments: argparse.Namespace) -> int:
    """Run and print what comes out."""
    with package_of(arguments) as package:
        # A package has its own runtime, with error classes of its own.
        runtime = importlib.import_module(f"{package.__name__}._runtime")
        try:
            runtime.command_line.run_model(package.Model, arguments)
        except (runtime.ModelError, OSError) as error:
            raise RamielError(str(error)) from error
    return 0
