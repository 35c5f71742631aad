"""`--style module` and `--style script`: a model without clusters, written to be read."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from onnx import ModelProto
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute

from ramiel.backend.naming import class_name
from ramiel.backend.operator_sources import operators_module
from ramiel.backend.package import MARK, init_file, write_folder
from ramiel.backend.source import Source
from ramiel.backend.source_map import lines_of, map_text
from ramiel.backend.style_module import print_style_module
from ramiel.backend.style_script import print_style_script
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.onnx import OptionalType, SequenceType, StringType
from ramiel.dialects.torch_function import FunctionOp
from ramiel.driver import Progress, load, lower_model
from ramiel.errors import RamielError
from ramiel.frontend.names import identifier
from ramiel.options import STYLES, Options
from ramiel.tensors import Array, element_of, from_torch, to_torch
from ramiel.weight_files import weight_names

OUTLINE = ("own-parameters", "outline-blocks{min_single=6}", "dce")
"""What only these styles want: it makes the program shorter, and hides tasks from clustering."""


@dataclass(frozen=True)
class StyledModel:
    """A graph of torch.calls with its repetition outlined, and how it is to be printed."""

    module: ModuleOp
    style: str

    @property
    def graph(self) -> GraphOp:
        """The model."""
        return next(op for op in self.module.ops if isinstance(op, GraphOp))

    @property
    def functions(self) -> list[FunctionOp]:
        """What it invokes."""
        return [op for op in self.module.ops if isinstance(op, FunctionOp)]


def compile_style(
    model: str | Path | ModelProto,
    options: Options,
    progress: Progress | None = None,
    package: str | None = None,
) -> StyledModel:
    """Compile a model for a style without clusters.  Raises RamielError.

    Kernels of one machine are left out.  `package` names the package in the generated text.
    """
    module = load(model, package)
    pipeline = lower_model(module, replace(options, portable=True), progress)
    pipeline.run(OUTLINE)
    styled = StyledModel(module, options.style)
    if package is not None:
        styled.graph.sym_name = StringAttr(identifier(package, "model"))
    check_tensors(styled.graph, options.style)
    return styled


def check_tensors(graph: GraphOp, style: str) -> None:
    """Raises RamielError for inputs that are no tensors of numbers: clusters take those."""
    for name, argument in zip(graph.argument_names(), graph.arguments, strict=True):
        special = isinstance(argument.type, OptionalType | SequenceType)
        if special or isinstance(element_of(argument.type), StringType):
            raise RamielError(
                f"input {name!r} is no tensor of numbers: style {style} has no way to pass it, "
                "--style clusters has"
            )


def print_style(styled: StyledModel, name: str | None = None) -> Source:
    """model.py.  Raises RamielError for a style that there is not."""
    graph = styled.graph
    if styled.style not in STYLES[1:]:
        raise RamielError(f"no style {styled.style!r}; there are: {', '.join(STYLES)}")
    if styled.style == "script":
        return print_style_script(graph, styled.functions)
    return print_style_module(graph, styled.functions, class_name(name or graph.sym_name.data))


def write_styled(
    styled: StyledModel, directory: Path, name: str | None = None, force: bool = False
) -> None:
    """Write the folder: all at once or not at all.  Raises RamielError as `write_package` does."""
    source = print_style(styled, name)
    files = {"model.py": source.text, MARK: map_text(lines_of(source))}
    if styled.style == "module":
        files["__init__.py"] = init_file(class_name(name or styled.graph.sym_name.data))
    helpers = operators_module(styled.module)
    if helpers is not None:
        files["_operators.py"] = helpers

    def save_weights(folder: Path) -> None:
        styled.graph.store.save(folder / "weights.safetensors", weight_names(styled.graph))

    write_folder(directory, files, save_weights, force)


def run_style(
    directory: Path, style: str, inputs: Sequence[Array], types: Sequence[Attribute]
) -> list[Array]:
    """The outputs of what `write_styled` wrote; `types` are theirs."""
    with torch.no_grad():
        found: Any = load_style(directory, style)(*map(to_torch, inputs))
    outputs: Sequence[Any] = found if len(types) > 1 else [found]
    return [from_torch(y, type) for y, type in zip(outputs, types, strict=True)]


def load_style(directory: Path, style: str) -> Any:
    """The model as something to call: an nn.Module, or the script's function."""
    if style == "module":
        from ramiel.loading import import_package

        return import_package(directory).Model.load()
    spec = importlib.util.spec_from_file_location("_ramiel_script", directory / "model.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(directory))
    try:
        spec.loader.exec_module(script)
    finally:
        sys.path.remove(str(directory))
        sys.modules.pop("_operators", None)
    return script.model
