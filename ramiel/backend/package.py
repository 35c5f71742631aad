"""The standalone Python package: what is written to disk, all at once or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from ramiel.backend.layout_printer import layouts_module
from ramiel.backend.module_printer import print_module
from ramiel.backend.operator_sources import operators_module
from ramiel.backend.source_map import map_text
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.garbage import seldom_collected
from ramiel.weight_files import weight_names

MARK = "model.map.json"
"""The file by which a folder is known as a package of Ramiel's."""


@seldom_collected()
def package_files(program: ProgramOp, name: str | None = None) -> dict[str, str]:
    """The text files of the package, by path; the weights are not among them."""
    printed = print_module(program, name)
    files = {
        "__init__.py": init_file(printed.class_name),
        "__main__.py": _main(),
        "model.py": printed.text,
        MARK: map_text(printed.source_map),
    }
    helpers = operators_module(program)
    if helpers is not None:
        files["_operators.py"] = helpers
    layouts = layouts_module(program)
    if layouts is not None:
        files["_layouts.py"] = layouts
    runtime = resources.files("ramiel.runtime")
    for file in sorted(runtime.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".py"):
            files[f"_runtime/{file.name}"] = file.read_text(encoding="utf-8")
    return files


def init_file(title: str) -> str:
    """The text of __init__.py for a model's class."""
    names = sorted(("Model", title))
    quoted = ", ".join(f'"{name}"' for name in names)
    return (
        f'"""{title}: a model compiled by Ramiel.  See model.py."""\n\n'
        f"from .model import {', '.join(names)}\n\n"
        f"__all__ = [{quoted}]\n"
    )


def _main() -> str:
    return (
        '"""Run the model on .npy files: `python -m PACKAGE --input NAME=FILE.npy`."""\n\n'
        "from ._runtime import main\n"
        "from .model import Model\n\n"
        "raise SystemExit(main(Model))\n"
    )


def check_destination(directory: Path, force: bool = False) -> None:
    """Raises RamielError if the folder is not Ramiel's to replace, or cannot be written."""
    directory = directory.absolute()
    try:
        if directory.exists() and not force and not _may_replace(directory):
            raise RamielError(f"{directory} exists and was not made by Ramiel; --force replaces it")
        parent = next(folder for folder in directory.parents if folder.exists())
    except OSError as error:
        raise RamielError(f"cannot write {directory}: {error.strerror}") from error
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise RamielError(f"cannot write {directory}: no permission in {parent}")


def write_package(
    program: ProgramOp,
    directory: Path,
    name: str | None = None,
    force: bool = False,
    ir: Sequence[tuple[str, str]] = (),
    ir_weights: Sequence[str] = (),
    more_files: Mapping[str, str] | None = None,
) -> None:
    """Write the package to a temporary sibling and move it into place.

    An existing folder is replaced only if Ramiel made it, or by force.  Raises RamielError if the
    folder cannot be written; then nothing is left behind.

    more_files: texts by path that belong into the package, too.
    ir: (pass, text) for each stage, written to ir/ with the weights that the texts name.
    """
    files = package_files(program, name)
    files |= more_files or {}
    files |= {f"ir/{index:02}-{stage}.mlir": text for index, (stage, text) in enumerate(ir)}

    def save_weights(package: Path) -> None:
        weights = package / "weights.safetensors"
        program.store.save(weights, weight_names(program))
        (package / "weights.json").write_text(weights_table(weights), encoding="utf-8")
        if ir:
            program.store.save(package / "ir" / "weights.safetensors", ir_weights)

    write_folder(directory, files, save_weights, force)


def write_folder(
    directory: Path,
    files: Mapping[str, str],
    save_weights: Callable[[Path], None],
    force: bool = False,
) -> None:
    """Write text files, and what `save_weights` writes to the folder it is given, all at once.

    Raises RamielError as `write_package` does.
    """
    directory = directory.absolute()
    check_destination(directory, force)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        raise RamielError(f"cannot write {directory}: {error.strerror}") from error
    try:
        package = staging / "package"
        for path, text in files.items():
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (package / path).write_text(text, encoding="utf-8")
        save_weights(package)
        if directory.exists():
            directory.rename(staging / "replaced")
        package.rename(directory)
    except OSError as error:
        raise RamielError(f"cannot write {directory}: {error.strerror}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def weights_table(file: Path) -> str:
    """The text of weights.json, of what is in a weights file."""
    from ramiel.runtime.weights import of_tensors, read_weights
    from ramiel.runtime.weights_table import write_table

    return write_table(of_tensors(read_weights(file)))


def _may_replace(directory: Path) -> bool:
    return directory.is_dir() and ((directory / MARK).is_file() or not any(directory.iterdir()))
