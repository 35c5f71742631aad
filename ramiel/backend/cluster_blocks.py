"""Blocks that differ only in their weights, in the clusters: functions that the clusters call."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ramiel.backend.block_printer import find_chains
from ramiel.backend.constructors import module_paths
from ramiel.backend.layout_printer import prepared_names
from ramiel.backend.source import Source
from ramiel.backend.stretches import TORCH_COMPILE
from ramiel.backend.style_script import ScriptPrinter, function_name
from ramiel.dialects.task import ProgramOp, RecvOp, SendOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.transforms.outline_blocks import OutlineBlocks


def with_blocks(program: ProgramOp) -> ProgramOp:
    """The program to print: a copy, in which a block that is whole in its cluster is a call.

    The program itself if there is none, or a function could not find its weights by their module.
    """
    module = program.parent_op()
    if not isinstance(module, ModuleOp) or program.workers or TORCH_COMPILE in program.attributes:
        return program
    prepared = [item for c in program.clusters for item in prepared_names(c.block).items()]
    if any(name != op.weight.weight_name.data for op, name in prepared):
        return program
    copy = module.clone()
    OutlineBlocks().apply(Context(), copy)
    return next(op for op in copy.ops if isinstance(op, ProgramOp))


def functions_of(program: ProgramOp) -> list[FunctionOp]:
    """What the program's clusters invoke, before who invokes it."""
    module = program.parent_op()
    inside = module.ops if isinstance(module, ModuleOp) else ()
    return [op for op in inside if isinstance(op, FunctionOp)]


def print_functions(source: Source, program: ProgramOp, taken: Sequence[str]) -> None:
    """A function for each torch.function."""
    functions = functions_of(program)
    blocks = [cluster.block for cluster in program.clusters]
    paths = module_paths(blocks, functions)
    for function in functions:
        name = function.sym_name.data
        printer = ScriptPrinter(source, function, function_name(name), taken, given=True)
        count = len(paths[name])
        printer.print_function(f"What {count} modules of the model do; `module` is the one's name.")


def chains_between_messages(operations: Sequence[Operation]) -> dict[InvokeOp, list[InvokeOp]]:
    """Chains of invocations that no message interrupts."""
    found: dict[InvokeOp, list[InvokeOp]] = {}
    stretch: list[Operation] = []
    for op in operations:
        if isinstance(op, SendOp | RecvOp):
            found.update(find_chains(stretch))
            stretch = []
        else:
            stretch.append(op)
    found.update(find_chains(stretch))
    return found
