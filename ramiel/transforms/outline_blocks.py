"""`outline-blocks`: blocks that differ only in their weights become calls of one function."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    IndexType,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import is_side_effect_free

from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.task import OutputOp as ProgramOutputOp
from ramiel.dialects.task import ProgramOp, RecvOp, SendOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.dialects.torch_function import DEEPEST, FunctionOp, InvokeOp, weight_name
from ramiel.frontend.names import identifier
from ramiel.locations import node_location, node_name
from ramiel.transforms.block_names import CLASS, class_of, fresh_name
from ramiel.transforms.generic_blocks import (
    Settings,
    Step,
    join,
    label_of,
    open_literals,
    open_numbers,
    with_settings,
)
from ramiel.transforms.isomorphism import CanonicalForm, Node, canonical_form
from ramiel.transforms.module_paths import module_path
from ramiel.transforms.own_parameters import is_module_path
from ramiel.transforms.short_names import short_names
from ramiel.transforms.task_graph import COST, cost_of, values_read

NUMBERS = "settings"
MOST = 0.8
"""A block with more than this share of the calls is the model itself."""
WORTH = 12
"""Calls that a function of a short block has to save."""
SPREAD = 16
"""Operations, for each of its own, among which those of a block may be found."""


@dataclass(frozen=True)
class OutlineBlocks(ModulePass):
    """block(x, weights of a), block(y, weights of b) -> f(x, a), f(y, b)

    A block is what a module of the original network computes, as far as node names tell; that two
    are isomorphic is checked on their operations: callees, literals, types and wiring.  They may
    differ in the sizes of dimensions and in the geometry of windows (generic_blocks.py).

    In a task.program a block has to be whole in its cluster, with no message in between.

    Args:
        min_calls: of a block, for two of them to be worth a function.
        min_single: of a block that there is once, to be a function as well; none if not given.

    """

    name = "outline-blocks"
    min_calls: int = 4
    min_single: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        names: set[str] = {
            top.sym_name.data for top in op.ops if isinstance(top, GraphOp | ProgramOp)
        }
        for top in list(op.ops):
            if isinstance(top, GraphOp):
                self._outline_all(top, [top.block], names)
            elif isinstance(top, ProgramOp) and not top.workers:
                self._outline_all(top, [cluster.block for cluster in top.clusters], names)

    def _outline_all(self, top: GraphOp | ProgramOp, blocks: list[Block], names: set[str]) -> None:
        """Inner blocks first: an outer one then invokes them."""
        found = find_families(blocks)
        while family := choose(found, self.min_calls) or choose_single(found, self.min_single):
            outline(top, family, names)
            for block in {id(b): b for c in family if (b := c.block) is not None}.values():
                sort_topologically(block)
            found = find_families(blocks)


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


def outline(top: GraphOp | ProgramOp, family: Family, names: set[str]) -> None:
    """Make a function of the family, and put invocations in the place of all."""
    for block in family:
        describe(block)  # again: what it reads may be an invocation's result by now
    paths = [block.path for block in family]
    known = class_of(top, paths)
    name = fresh_name(paths, family[0].operations, names, known)
    function, settings = make_function(family, name)
    if known:
        function.attributes[CLASS] = StringAttr(known)
    top.parent_block().insert_op_before(function, top)  # pyright: ignore[reportOptionalMemberAccess]
    for value, hint in short_names(function.block.ops, inside=True).items():
        value.name_hint = hint
    for number, block in enumerate(family):
        describe(block)
        assert block.canonical is not None
        parameters = dict(block.canonical.parameters)
        passed = [parameters[name] for name in function.parameter_names]
        operands: list[SSAValue] = [*block.canonical.inputs, *passed]
        types = [result.type for result in block.results]
        invoke = InvokeOp(function.sym_name.data, block.path, operands, types, settings.of(number))
        invoke.location = node_location(f"/{block.path}")
        if costs := _cost_of_all(block.operations):
            invoke.attributes[COST] = ArrayAttr([IntegerAttr(cost, i64) for cost in costs])
        assert block.block is not None
        block.block.insert_op_after(invoke, block.operations[-1])
        for old, new in zip(block.results, invoke.results, strict=True):
            new.name_hint = identifier(block.path, "block")
            old.replace_all_uses_with(new)
        for op in reversed(block.operations):
            op.detach()
            op.drop_all_references()


def _cost_of_all(operations: Sequence[Operation]) -> list[int]:
    """What they cost together on 1, 2, … cores; nothing if that is not known of all."""
    costs = [cost_of(op) for op in operations]
    known = [cost for cost in costs if cost]
    if len(known) < len(costs):
        return []
    widest = max(map(len, known))
    return [sum(cost[min(width, len(cost) - 1)] for cost in known) for width in range(widest)]


def make_function(family: Family, name: str) -> tuple[FunctionOp, Settings]:
    """The function of a family; variables are called after places within the first block."""
    first = family[0]
    forms = [block.canonical for block in family if block.canonical is not None]
    settings = Settings(len(family), {})
    rows = dict(
        zip(first.ordered, zip(*(block.ordered for block in family), strict=True), strict=True)
    )
    open_: dict[Step, dict[str, list[int | str]]] = {}
    for op, row in rows.items():
        if isinstance(op, CallOp):
            open_[op] = open_literals([o for o in row if isinstance(o, CallOp)], settings)
        else:
            numbers = open_numbers([o for o in row if isinstance(o, InvokeOp)], settings)
            open_[op] = {NUMBERS: numbers}
    inputs, parameters = list(forms[0].inputs), dict(forms[0].parameters)
    types = [join([v.type for v in row]) for row in zip(*(f.inputs for f in forms), strict=True)]
    weight_types = [
        join([dict(form.parameters)[parameter].type for form in forms]) for parameter in parameters
    ]
    body = Block(arg_types=[*types, *[IndexType()] * len(settings.names), *weight_types])
    given = list(body.args[len(inputs) :][: len(settings.names)])
    arguments = dict(zip(settings.names.values(), given, strict=True))
    weights = body.args[len(inputs) + len(given) :]
    for argument, value in zip(body.args[1 : len(inputs)], inputs[1:], strict=True):
        argument.name_hint = source_hint(value) or "other"
    for argument, hint in zip((*given, *weights), (*arguments, *parameters), strict=True):
        argument.name_hint = identifier(hint, "weight")
    if inputs:
        body.args[0].name_hint = "x"
    values: dict[SSAValue, SSAValue] = dict(
        zip((*inputs, *parameters.values()), (*body.args[: len(inputs)], *weights), strict=True)
    )
    for op in first.operations:
        copy = _copy(op, f"{first.path}.", rows[op], open_[op], arguments, values)
        copy.location = op.location
        copy.attributes["nodes"] = _nodes(rows[op], family)
        for old, new in zip(op.results, copy.results, strict=True):
            values[old] = new
        body.add_op(copy)
    body.add_op(OutputOp([values[result] for result in first.results]))
    types = [values[result].type for result in first.results]
    function = FunctionOp(
        name, list(parameters), types, Region(body), list(settings.names.values())
    )
    return function, settings


def source_hint(value: SSAValue) -> str | None:
    """The name of the model's input that a value is made from, if it is one and nothing else."""
    while isinstance(value.owner, Operation):
        read = [v for v in values_read(value.owner) if not isinstance(v.owner, WeightOp)]
        if len(read) != 1:
            return None
        value = read[0]
    return value.name_hint


def _copy(
    op: Step,
    prefix: str,
    row: Sequence[Step],
    literals: dict[str, list[int | str]],
    arguments: Mapping[str, SSAValue],
    values: dict[SSAValue, SSAValue],
) -> Step:
    """An operation of the first block as the function has it."""
    operands = [values[value] for value in op.operands]
    types = [join([o.results[i].type for o in row]) for i in range(len(op.results))]
    if isinstance(op, InvokeOp):
        numbers = [arguments[n] if isinstance(n, str) else n for n in literals[NUMBERS]]
        name, module = op.function.root_reference.data, module_in(op, prefix)
        return InvokeOp(name, module, operands, types, numbers)
    copy = with_settings(op, literals, arguments, operands, types)
    copy.attributes.update(op.attributes)
    return copy


def _nodes(row: Sequence[Step], family: Family) -> Attribute:
    """(module, ONNX node) of an operation, for each module that the function stands for."""
    return ArrayAttr(
        ArrayAttr([StringAttr(block.path), StringAttr(node_name(op))])
        for op, block in zip(row, family, strict=True)
    )


def sort_topologically(block: Block) -> None:
    """Order the operations by their data; what may stay where it is does."""
    operations = list(block.ops)
    position = {op: index for index, op in enumerate(operations)}
    waits: dict[Operation, int] = {}
    readers: dict[Operation, list[Operation]] = {op: [] for op in operations}
    for op in operations:
        owners = {v.owner for v in values_read(op) if isinstance(v.owner, Operation)}
        sources = [owner for owner in owners if owner in position]
        waits[op] = len(sources)
        for owner in sources:
            readers[owner].append(op)
    ready = [position[op] for op in operations if not waits[op]]
    heapq.heapify(ready)
    order: list[Operation] = []
    while ready:
        op = operations[heapq.heappop(ready)]
        order.append(op)
        for reader in readers[op]:
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, position[reader])
    if order != operations:
        for op in operations:
            op.detach()
        block.add_ops(order)
