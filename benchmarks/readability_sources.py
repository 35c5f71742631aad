"""The same network as Python source, by several printers."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.options import STYLES, Options
from ramiel.styles import compile_style, write_styled

PNNX = Path(__file__).parents[1] / "build" / "readability" / "pnnx" / "pnnx"
"""The program in pnnx's wheel; `make readability` installs it there."""

Run = Callable[[Sequence[Tensor]], Any]


@dataclass(frozen=True)
class Printed:
    """What one printer makes of a network."""

    text: str = ""
    folder: Path | None = None
    """Where the text is a file that stands alone."""
    run: Run | None = None
    """Call what was printed; None if it does not run without the network."""
    failure: str = ""
    """Why there is no text."""


def printers(example: Any, path: Path, folder: Path) -> dict[str, Callable[[], Printed]]:
    """Each printer by its name.

    `path` is the network's ONNX file, `folder` takes what they write.
    """
    found: dict[str, Callable[[], Printed]] = {
        f"Ramiel, {style}": lambda style=style: of_style(path, folder, style) for style in STYLES
    }
    return {
        **found,
        "pnnx": lambda: of_pnnx(example, path.stem, folder),
        "torch.fx": lambda: of_fx(example),
        "torch.export": lambda: of_export(example),
        "the original": lambda: of_original(example),
    }


def of_style(path: Path, folder: Path, style: str) -> Printed:
    """Ramiel's model.py."""
    directory = folder / f"{path.stem}_{style}"
    if style == STYLES[0]:
        program = compile_model(path, Options(cost_model="static"), package=directory.name).program
        write_package(program, directory)
    else:
        options = Options(preset="faithful", style=style)
        write_styled(compile_style(path, options, package=directory.name), directory)

    def run(inputs: Sequence[Tensor]) -> Any:
        if style == "script":
            with chdir(directory):
                sys.path.insert(0, str(directory))
                return import_file(directory / "model.py").model(*inputs)
        sys.path.insert(0, str(folder))
        model: Any = importlib.import_module(directory.name).Model
        if style == "module":
            return model.load()(*inputs)
        with model.load("serial") as loaded:
            return loaded(*inputs)

    return Printed((directory / "model.py").read_text(), directory, run)


def of_pnnx(example: Any, name: str, folder: Path) -> Printed:
    """What pnnx writes of a trace."""
    if not PNNX.exists():
        return Printed(failure="not installed")
    directory = folder / f"{name}_pnnx"
    directory.mkdir()
    jit: Any = torch.jit
    jit.trace(example.network, example.inputs, strict=False).save(str(directory / "network.pt"))
    shapes = ",".join(
        f"[{','.join(map(str, x.shape))}]{'i64' if x.dtype == torch.int64 else 'f32'}"
        for x in example.inputs
    )
    command = [str(PNNX), "network.pt", f"inputshape={shapes}"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    file = directory / "network_pnnx.py"
    if done.returncode or not file.exists():
        lines = (done.stderr or done.stdout).strip().splitlines()
        return Printed(failure=f"exit code {done.returncode}: {lines[-1] if lines else ''}")

    def run(inputs: Sequence[Tensor]) -> Any:
        with chdir(directory):
            return import_file(file).Model().eval()(*inputs)

    return Printed(file.read_text(), directory, run)


def of_fx(example: Any) -> Printed:
    """What torch.fx prints of a symbolic trace."""
    try:
        traced: Any = torch.fx.symbolic_trace(example.network)
    except Exception as error:
        return Printed(failure=f"cannot trace it: {type(error).__name__}")
    return Printed(traced.code, None, lambda inputs: traced(*inputs))


def of_export(example: Any) -> Printed:
    """What torch.fx prints of the graph that torch.export finds."""
    exported: Any = torch.export.export(example.network, example.inputs).module()
    return Printed(exported.code, None, lambda inputs: exported(*inputs))


def of_original(example: Any) -> Printed:
    """The source of the network's own classes, and of their bases outside torch."""
    network: nn.Module = example.network
    classes = dict.fromkeys(
        base
        for module in network.modules()
        for base in type(module).__mro__
        if base is not object and not base.__module__.startswith(("torch.", "typing"))
    )
    texts = [textwrap.dedent(inspect.getsource(cls)) for cls in classes]
    return Printed("\n\n".join(texts), None, lambda inputs: network(*inputs))


def import_file(file: Path) -> Any:
    """A module from a file."""
    name = f"{file.parent.name}_{file.stem}"
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
