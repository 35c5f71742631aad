"""Importing a generated package from a folder of any name, and compiling straight to a model."""

from __future__ import annotations

import importlib.util
import itertools
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

from onnx import ModelProto

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.options import Options
from ramiel.runtime import ParallelModel

_count = itertools.count()


def import_package(directory: Path) -> ModuleType:
    """The package in a folder, under a module name of its own.

    Raises RamielError if the folder holds no package of Ramiel's.
    """
    if not (directory / "model.map.json").is_file():
        raise RamielError(f"{directory} is no package made by Ramiel")
    name = f"_ramiel_package_{next(_count)}"
    spec = importlib.util.spec_from_file_location(
        name, directory / "__init__.py", submodule_search_locations=[str(directory)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def compile(
    model: str | Path | ModelProto,
    workers: int | None = None,
    *,
    executor: str = "threads",
    preset: str = "fast",
    force_parallel: bool = False,
    cost_model: str | None = None,
    **load_options: Any,
) -> ParallelModel:
    """Compile an ONNX model and load it.

    model: a path, or a model in memory.  workers: clusters at most (None: the usable cores).
    cost_model: static, roofline or profile (None: as `ramiel compile`).
    executor and further options are those of `Model.load`.  Raises RamielError.
    """
    options = Options(
        workers=workers, preset=preset, force_parallel=force_parallel, cost_model=cost_model
    )
    name = "model" if isinstance(model, ModelProto) else Path(model).stem
    compilation = compile_model(model, options, package=name)
    folder = Path(tempfile.mkdtemp(prefix="ramiel-"))
    write_package(compilation.program, folder / "package")
    loaded: ParallelModel = import_package(folder / "package").Model.load(
        executor=executor, **load_options
    )
    weakref.finalize(loaded, shutil.rmtree, folder, ignore_errors=True)
    return loaded
