"""Numbered modules that only hand their result on: nn.Sequential, as the original had it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_function import InvokeOp
from ramiel.locations import node_name
from ramiel.operators.leaf_modules import Constructor, LeafModule, plain_module
from ramiel.transforms.module_paths import module_path

Leaves = Mapping[CallOp, tuple[str, LeafModule]]


@dataclass(frozen=True)
class Run:
    """The calls of one nn.Sequential, in their order."""

    path: str
    operations: Sequence[CallOp | InvokeOp]
    plain: Mapping[str, Constructor]
    """The modules that have no parameters, by their paths; nn.Identity where there is a gap."""

    @property
    def data(self) -> SSAValue:
        """What it is called with."""
        return _data(self.operations[0])


def find_runs(
    operations: Sequence[Operation],
    around: str,
    leaves: Leaves,
    children: Sequence[str],
    is_simple: Callable[[InvokeOp], bool],
) -> list[Run]:
    """The runs among the operations of a class that stands for the module at `around`.

    `children` are the paths of its modules and parameters, `is_simple` tells invocations that take
    a tensor and nothing else.
    """
    steps: dict[str, dict[int, CallOp | InvokeOp]] = {}
    spoiled: set[str] = set()
    for op in operations:
        stem, _, number = _path(op, around, leaves).rpartition(".")
        is_step = isinstance(op, InvokeOp) and is_simple(op)
        is_step |= isinstance(op, CallOp) and (op in leaves or plain_module(op) is not None)
        known = steps.setdefault(stem, {})
        if stem and number.isdigit() and is_step and int(number) not in known:
            assert isinstance(op, CallOp | InvokeOp)
            known[int(number)] = op
        else:
            spoiled.update((stem, f"{stem}.{number}".strip(".")))
    return [
        _run(path, known, leaves)
        for path, known in steps.items()
        if path not in spoiled and _is_chain(known) and _is_whole(path, known, children)
    ]


def _path(op: Operation, around: str, leaves: Leaves) -> str:
    """Within the class."""
    if isinstance(op, InvokeOp):
        return op.module.data
    if isinstance(op, CallOp) and op in leaves:
        return leaves[op][0]
    path = module_path(node_name(op))
    return path.removeprefix(f"{around}.") if around else path


def _data(op: CallOp | InvokeOp) -> SSAValue:
    return op.operands[0]


def _is_chain(known: Mapping[int, CallOp | InvokeOp]) -> bool:
    steps = [known[number] for number in sorted(known)]
    if len(steps) < 2 or max(known) >= 2 * len(steps):
        return False
    return all(
        _data(b) is a.results[0] and len(list(a.results[0].uses)) == 1
        for a, b in itertools.pairwise(steps)
    )


def _is_whole(path: str, known: Mapping[int, CallOp | InvokeOp], children: Sequence[str]) -> bool:
    """Whether all that the module has is in the run."""
    names = {c.removeprefix(f"{path}.") for c in children if c.startswith(f"{path}.")}
    return bool(names) and names <= {str(number) for number in known}


def _run(path: str, known: Mapping[int, CallOp | InvokeOp], leaves: Leaves) -> Run:
    plain = {
        f"{path}.{number}": Constructor("nn.Identity", [])
        for number in range(max(known))
        if number not in known
    }
    for number, op in known.items():
        made = plain_module(op) if isinstance(op, CallOp) and op not in leaves else None
        if made is not None:
            plain[f"{path}.{number}"] = made
    return Run(path, [known[number] for number in sorted(known)], plain)
