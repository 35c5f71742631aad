"""Blocks of operations that are one module of the original network, and which are isomorphic.

What a module computes is known as far as node names tell; whether two compute the same is checked
on their operations.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.ir import Block, Operation, OpResult, SSAValue
from xdsl.traits import is_side_effect_free

from ramiel.dialects.dataflow import OutputOp, WeightOp
from ramiel.dialects.task import OutputOp as ProgramOutputOp
from ramiel.dialects.task import RecvOp, SendOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.dialects.torch_function import DEEPEST, InvokeOp, weight_name
from ramiel.locations import node_name
from ramiel.transforms.generic_blocks import (
    Step,
    label_of,
)
from ramiel.transforms.isomorphism import CanonicalForm, Node, canonical_form
from ramiel.transforms.module_paths import module_path
from ramiel.transforms.own_parameters import is_module_path
from ramiel.transforms.task_graph import values_read

MOST = 0.8
"""A block with more than this share of the calls is the model itself."""
WORTH = 12
"""Calls that a function of a short block has to save."""
SPREAD = 16
"""Operations, for each of its own, among which those of a block may be found."""


@dataclass
class Candidate:
    """The operations of one module, and what they have in common with those of others."""

    path: str
    operations: list[Step] = field(default_factory=list[Step])
    results: list[SSAValue] = field(default_factory=list[SSAValue])
    """What is read outside."""
    canonical: CanonicalForm | None = None
    block: Block | None = None
    """Where the operations stand."""

    @property
    def ordered(self) -> list[Step]:
        """The operations in canonical order."""
        assert self.canonical is not None
        return [self.operations[index] for index in self.canonical.order]

    def holds(self, other: Candidate) -> bool:
        """Whether another candidate is a part of this one."""
        return other.path.startswith(f"{self.path}.") and other.operations[0] in self.operations


Family: TypeAlias = "list[Candidate]"


def find_families(blocks: Sequence[Block]) -> list[Family]:
    """Isomorphic blocks, small ones first."""
    families: dict[Hashable, Family] = {}
    names = _weight_names_by_path(blocks)
    shared = _paths_in_several(blocks)
    for block in blocks:
        order = list(block.ops)
        position = {op: index for index, op in enumerate(order)}
        for candidate in candidates(block):
            operations = candidate.operations
            pure = all(isinstance(o, InvokeOp) or is_side_effect_free(o) for o in operations)
            if len(operations) < 2 or candidate.path in shared or not pure:
                continue
            describe(candidate)
            if candidate.canonical is None or not is_convex(operations, order, position):
                continue
            own = {f"{candidate.path}.{name}" for name, _ in candidate.canonical.parameters}
            if own == names.get(candidate.path, set()):
                families.setdefault(candidate.canonical.form, []).append(candidate)
    found = [_disjoint(family) for family in families.values()]
    return sorted(found, key=lambda family: len(family[0].operations))


def choose(families: Sequence[Family], min_calls: int) -> Family | None:
    """The smallest blocks that are worth a function, though larger ones be outlined, too."""
    for family in (family for family in families if len(family) > 1):
        calls = len(family[0].operations)
        outer = [f for f in families if any(o.holds(family[0]) for o in f)]
        count = len(family)
        if outer:
            around = max(outer, key=lambda f: len(f[0].operations))
            once = next(o for o in around if o.holds(family[0]))
            inside = sum(any(o.holds(c) for o in around) for c in family)
            count += sum(once.holds(c) for c in family) - inside
        if count > 1 and (calls >= min_calls or (count - 1) * (calls - 1) >= WORTH):
            return family
    return None


def choose_single(families: Sequence[Family], min_calls: int | None) -> Family | None:
    """The smallest block that there is once and that is long, but not nearly all of the graph."""
    if min_calls is None:
        return None
    for family in families:
        [first, *more] = family
        assert first.block is not None
        steps = sum(isinstance(op, CallOp | InvokeOp) for op in first.block.ops)
        if not more and min_calls <= len(first.operations) <= MOST * steps:
            return family
    return None


def _weight_names_by_path(blocks: Sequence[Block]) -> dict[str, set[str]]:
    """The weights under each path: a block has to read all that are its module's."""
    found: dict[str, set[str]] = {}
    for op in (op for block in blocks for op in block.walk()):
        if isinstance(op, WeightOp):
            name = op.weight_name.data
            if name.count(".") > DEEPEST:
                continue
            for end in (index for index, letter in enumerate(name) if letter == "."):
                found.setdefault(name[:end], set()).add(name)
    return found


def path_of(op: Operation) -> str:
    """The module that an operation is part of; an invocation is the whole of one."""
    return op.module.data if isinstance(op, InvokeOp) else module_path(node_name(op))


def _paths_around(op: Operation) -> list[str]:
    parts = path_of(op).split(".")
    last = len(parts) if isinstance(op, InvokeOp) else len(parts) + 1
    return [path for end in range(1, last) if (path := ".".join(parts[:end]))]


def _paths_in_several(blocks: Sequence[Block]) -> set[str]:
    """The modules that are computed in several clusters."""
    found: dict[str, set[int]] = {}
    for index, block in enumerate(blocks if len(blocks) > 1 else ()):
        for op in block.ops:
            if isinstance(op, CallOp | InvokeOp):
                for path in _paths_around(op):
                    found.setdefault(path, set()).add(index)
    return {path for path, indices in found.items() if len(indices) > 1}


def candidates(block: Block) -> Iterator[Candidate]:
    """A candidate for each path that Python can say; none with operations that are no calls."""
    found: dict[str, Candidate] = {}
    spoiled: set[str] = set()
    for op in block.ops:
        if isinstance(op, WeightOp | OutputOp | ProgramOutputOp | PrepareOp | SendOp):
            continue
        for path in _paths_around(op):
            if isinstance(op, CallOp | InvokeOp):
                found.setdefault(path, Candidate(path, block=block)).operations.append(op)
            else:
                spoiled.add(path)
    return (found[path] for path in found if path not in spoiled and is_module_path(path))


def _disjoint(family: Sequence[Candidate]) -> list[Candidate]:
    """A module and its only child have the same operations: the outer one is kept."""
    seen: set[Operation] = set()
    kept: list[Candidate] = []
    for block in family:
        if seen.isdisjoint(block.operations):
            kept.append(block)
            seen.update(block.operations)
    return kept


def describe(candidate: Candidate) -> None:
    """Find the block's results and its canonical form; none if a part of it is dead."""
    inside = {op: index for index, op in enumerate(candidate.operations)}
    candidate.results.clear()
    outputs: list[tuple[int, int]] = []
    nodes: list[Node] = []
    for op, index in inside.items():
        for number, result in enumerate(op.results):
            if any(use.operation not in inside for use in result.uses):
                candidate.results.append(result)
                outputs.append((index, number))
        nodes.append(_node(op, inside, f"{candidate.path}."))
    dead = any(not any(result.uses for result in op.results) for op in inside)
    if not dead and outputs:
        candidate.canonical = canonical_form(nodes, outputs)


def _node(op: Step, inside: dict[Step, int], prefix: str) -> Node:
    operands: list[tuple[int, int] | None] = []
    outside: list[SSAValue] = []
    parameters: list[str | None] = []
    for value in op.operands:
        owner = value.owner
        if isinstance(value, OpResult) and isinstance(owner, CallOp | InvokeOp) and owner in inside:
            operands.append((inside[owner], value.index))
            continue
        operands.append(None)
        outside.append(value)
        name = weight_name(value) or ""
        parameters.append(name.removeprefix(prefix) if name.startswith(prefix) else None)
    return Node((label_of(op), module_in(op, prefix)), operands, outside, parameters)


def module_in(op: Step, prefix: str) -> str:
    """The path of an invocation's module within a block; "" for a call."""
    return op.module.data.removeprefix(prefix) if isinstance(op, InvokeOp) else ""


def is_convex(
    operations: Sequence[Operation],
    order: Sequence[Operation],
    position: dict[Operation, int],
) -> bool:
    """Whether no path leaves the block and comes back: only then can it be one operation.

    Nor may a message stand within it: that would be sent later, or received earlier.  A block
    that is scattered over the graph is not looked at: all would take time without bound.
    """
    inside = set(operations)
    first, last = (pick(position[op] for op in operations) for pick in (min, max))
    if last - first > SPREAD * len(operations):
        return False
    after: set[Operation] = set()
    for op in order[first : last + 1]:
        if isinstance(op, SendOp | RecvOp):
            return False
        owners = [value.owner for value in values_read(op)]
        if op in inside:
            if any(owner in after for owner in owners):
                return False
        elif any(owner in inside or owner in after for owner in owners):
            after.add(op)
    return True
