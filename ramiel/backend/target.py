"""The `pytorch` target: `ramiel-opt … -t pytorch` prints model.py, or writes the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from ramiel.backend.module_printer import print_module
from ramiel.backend.package import write_package
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.weight_files import check_weights


@dataclass(frozen=True)
class PyTorchTarget(Target):
    """`pytorch{directory="googlenet" class-name="GoogLeNet"}`.

    Style clusters prints a task.program; module and script print a dataflow.graph of torch.calls,
    and the functions that it invokes.
    """

    name = "pytorch"

    directory: str | None = None
    class_name: str | None = None
    style: str = "clusters"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        if self.style != "clusters":
            self._emit_style(module, output)
            return
        program = find_program(module)
        output.write(print_module(program, self.class_name).text)
        if self.directory is not None:
            check_weights(program)
            write_package(program, Path(self.directory), self.class_name)

    def _emit_style(self, module: ModuleOp, output: IO[str]) -> None:
        from ramiel.styles import StyledModel, print_style, write_styled

        if not any(isinstance(op, GraphOp) for op in module.ops):
            raise RamielError(f"style {self.style} wants a dataflow.graph, before --cluster")
        styled = StyledModel(module, self.style)
        output.write(print_style(styled, self.class_name).text)
        if self.directory is not None:
            check_weights(styled.graph)
            write_styled(styled, Path(self.directory), self.class_name)


def find_program(module: ModuleOp) -> ProgramOp:
    """The module's one task program.  Raises RamielError if there is not exactly one."""
    programs = [op for op in module.ops if isinstance(op, ProgramOp)]
    if len(programs) != 1:
        raise RamielError(
            f"the pytorch target wants one task.program, this module has {len(programs)}; "
            "run --convert-onnx-to-torch --cluster first"
        )
    return programs[0]
