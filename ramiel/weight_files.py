"""Saving the weights that a module's graphs read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Attribute

from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.program import ProgramOperation, WeightsAttr
from ramiel.errors import RamielError
from ramiel.tensors import dims_of, element_of, type_of_array
from ramiel.weights import WeightStore


def programs(module: ModuleOp) -> Iterator[ProgramOperation]:
    """The graphs and task programs of a module."""
    return (op for op in module.ops if isinstance(op, ProgramOperation))


def weight_names(program: ProgramOperation) -> list[str]:
    """The names of the weights that a program reads, each once, in order."""
    names = [op.weight_name.data for op in program.walk() if isinstance(op, WeightOp)]
    return list(dict.fromkeys(names))


def require_saved_weights(module: ModuleOp) -> None:
    """Raises RamielError if the text would name a weight that is only in memory."""
    for program in programs(module):
        if program.weights is None:
            continue
        for name in weight_names(program):
            if name in program.weights.data.overlay:
                raise RamielError(
                    f"weight {name!r} is only in memory: give --weights-out FILE, or -t pytorch"
                )


def check_weights(program: ProgramOperation) -> None:
    """Raises RamielError, about the operation, for a weight that is not what it says."""
    for op in program.walk():
        if not isinstance(op, WeightOp):
            continue
        try:
            found = type_of_array(program.store[op.weight_name.data])
        except RamielError as error:
            raise error.about(op) from None
        declared = op.result.type
        if element_of(declared) is not None and not compatible(declared, found):
            message = f"weight {op.weight_name.data!r} is {found} in its file, not {declared}"
            raise RamielError(message).about(op)


def compatible(declared: Attribute, found: TensorType[Attribute]) -> bool:
    """Whether a tensor may stand where a type is declared; sizes may be unknown there."""
    if element_of(declared) != found.element_type:
        return False
    dims = dims_of(declared)
    shape = found.get_shape()
    return dims is None or (
        len(dims) == len(shape)
        and all(not isinstance(a, int) or a == b for a, b in zip(dims, shape, strict=True))
    )


def save_weights(module: ModuleOp, file: Path) -> None:
    """Write the weights of the module's one program to a .safetensors file, and refer to it.

    Raises RamielError if the module has not exactly one program.
    """
    found = list(programs(module))
    if len(found) != 1:
        raise RamielError(f"--weights-out wants one graph, this module has {len(found)}")
    [program] = found
    program.store.save(file, weight_names(program))
    program.weights = WeightsAttr(WeightStore(file.name, file.parent))
