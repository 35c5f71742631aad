"""`outline-blocks`: blocks that differ only in their weights become calls of one function."""

from __future__ import annotations

import heapq
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import is_side_effect_free

from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.frontend.names import identifier
from ramiel.locations import node_location, node_name
from ramiel.transforms.isomorphism import CanonicalForm, Node, canonical_form
from ramiel.transforms.module_paths import module_path
from ramiel.transforms.task_graph import values_read


@dataclass(frozen=True)
class OutlineBlocks(ModulePass):
    """block(x, weights of a), block(y, weights of b) -> f(x, a), f(y, b)

    A block is what a module of the original network computes, as far as node names tell; that two
    are isomorphic is checked on their operations: callees, literals, types and wiring.

    Args:
        min_calls: of a block, for a function to be worth it.

    """

    name = "outline-blocks"
    min_calls: int = 4

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in [graph for graph in op.ops if isinstance(graph, GraphOp)]:
            taken: set[Operation] = set()
            names: set[str] = {graph.sym_name.data}
            for family in find_families(graph, self.min_calls):
                if not any(op in taken for block in family for op in block.operations):
                    taken.update(op for block in family for op in block.operations)
                    outline(graph, family, names)
            sort_topologically(graph.block)


@dataclass
class Candidate:
    """The operations of one module, and what they have in common with those of others."""

    path: str
    operations: list[CallOp] = field(default_factory=list[CallOp])
    results: list[SSAValue] = field(default_factory=list[SSAValue])
    """What is read outside."""
    canonical: CanonicalForm | None = None


def find_families(graph: GraphOp, min_calls: int) -> list[list[Candidate]]:
    """Isomorphic blocks, those first that save most lines."""
    position = {op: index for index, op in enumerate(graph.block.ops)}
    families: dict[Hashable, list[Candidate]] = {}
    names = _weight_names_by_path(graph)
    for candidate in candidates(graph):
        operations = candidate.operations
        if len(operations) < min_calls or not all(is_side_effect_free(op) for op in operations):
            continue
        describe(candidate)
        if candidate.canonical is None:
            continue
        own = {f"{candidate.path}.{name}" for name, _ in candidate.canonical.parameters}
        if own == names.get(candidate.path, set()):
            families.setdefault(candidate.canonical.form, []).append(candidate)
    order = list(graph.block.ops)
    convex = (
        [block for block in _disjoint(family) if is_convex(block.operations, order, position)]
        for family in families.values()
        if len(family) > 1
    )
    found = [family for family in convex if len(family) > 1]
    return sorted(found, key=lambda family: -(len(family) - 1) * len(family[0].operations))


def _weight_names_by_path(graph: GraphOp) -> dict[str, set[str]]:
    """The weights under each path: a block has to read all that are its module's."""
    found: dict[str, set[str]] = {}
    for op in graph.walk():
        if isinstance(op, WeightOp):
            name = op.weight_name.data
            for end in (index for index, letter in enumerate(name) if letter == "."):
                found.setdefault(name[:end], set()).add(name)
    return found


def candidates(graph: GraphOp) -> Iterator[Candidate]:
    """A candidate for each module path; none with operations that are no calls."""
    found: dict[str, Candidate] = {}
    spoiled: set[str] = set()
    for op in graph.block.ops:
        if isinstance(op, WeightOp | OutputOp):
            continue
        parts = module_path(node_name(op)).split(".")
        for end in range(1, len(parts) + 1):
            path = ".".join(parts[:end])
            if isinstance(op, CallOp):
                found.setdefault(path, Candidate(path)).operations.append(op)
            else:
                spoiled.add(path)
    return (found[path] for path in found if path and path not in spoiled)


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


def _node(op: CallOp, inside: dict[CallOp, int], prefix: str) -> Node:
    operands: list[tuple[int, int] | None] = []
    outside: list[SSAValue] = []
    parameters: list[str | None] = []
    for value in op.operands:
        owner = value.owner
        if isinstance(value, OpResult) and isinstance(owner, CallOp) and owner in inside:
            operands.append((inside[owner], value.index))
            continue
        operands.append(None)
        outside.append(value)
        name = owner.weight_name.data if isinstance(owner, WeightOp) else ""
        parameters.append(name.removeprefix(prefix) if name.startswith(prefix) else None)
    types: tuple[Attribute, ...] = (*op.operand_types, *op.result_types)
    label = (op.key, op.keywords, op.literals, op.size_count, types)
    return Node(label, operands, outside, parameters)


def is_convex(
    operations: Sequence[Operation],
    order: Sequence[Operation],
    position: dict[Operation, int],
) -> bool:
    """Whether no path leaves the block and comes back: only then can it be one operation."""
    inside = set(operations)
    first, last = (pick(position[op] for op in operations) for pick in (min, max))
    after: set[Operation] = set()
    for op in order[first : last + 1]:
        owners = [value.owner for value in values_read(op)]
        if op in inside:
            if any(owner in after for owner in owners):
                return False
        elif any(owner in inside or owner in after for owner in owners):
            after.add(op)
    return True


def outline(graph: GraphOp, family: Sequence[Candidate], names: set[str]) -> None:
    """Make a function of the first block, and put invocations in the place of all."""
    describe(family[0])
    function = make_function(family, fresh_name(family, names))
    graph.parent_block().insert_op_before(function, graph)  # pyright: ignore[reportOptionalMemberAccess]
    for block in family:
        describe(block)  # again: what it reads may be an invocation's result by now
        assert block.canonical is not None
        parameters = dict(block.canonical.parameters)
        passed = [parameters[name] for name in function.parameter_names]
        operands: list[SSAValue] = [*block.canonical.inputs, *passed]
        types = [result.type for result in block.results]
        invoke = InvokeOp(function.sym_name.data, block.path, operands, types)
        invoke.location = node_location(f"/{block.path}")
        graph.block.insert_op_after(invoke, block.operations[-1])
        for old, new in zip(block.results, invoke.results, strict=True):
            new.name_hint = identifier(block.path, "block")
            old.replace_all_uses_with(new)
        for op in reversed(block.operations):
            op.detach()
            op.drop_all_references()


def make_function(family: Sequence[Candidate], name: str) -> FunctionOp:
    """The function of the first block; variables are called after places within the block."""
    block = family[0]
    assert block.canonical is not None
    inputs: list[SSAValue] = list(block.canonical.inputs)
    parameters = dict(block.canonical.parameters)
    weights: list[SSAValue] = list(parameters.values())
    body = Block(arg_types=[value.type for value in (*inputs, *weights)])
    for argument, value in zip(body.args, (*inputs, *weights), strict=True):
        argument.name_hint = value.name_hint
    for argument, parameter in zip(body.args[len(inputs) :], parameters, strict=True):
        argument.name_hint = identifier(parameter, "weight")
    if inputs:
        body.args[0].name_hint = "x"
    values: dict[SSAValue, SSAValue] = dict(zip((*inputs, *weights), body.args, strict=True))
    for op in block.operations:
        copy = op.clone(values)
        copy.location = op.location
        for result in copy.results:
            result.name_hint = local_name(op, block.path)
        body.add_op(copy)
    body.add_op(OutputOp([values[result] for result in block.results]))
    types = [result.type for result in block.results]
    return FunctionOp(name, list(parameters), types, Region(body))


def local_name(op: CallOp, path: str) -> str:
    """What a value is called inside the block: the last of its places, and what computes it."""
    inner = module_path(node_name(op)).removeprefix(path).strip(".")
    operator = re.sub(r"_\d+$", "", node_name(op).rsplit("/", 1)[-1])
    last = [part for part in inner.split(".") if part and not part.isdigit()]
    if last and any(isinstance(value.owner, WeightOp) for value in op.operands):
        return identifier("_".join(last[-2:]), "value")
    return identifier("_".join([*last[-1:], operator]), "value")


def fresh_name(family: Sequence[Candidate], names: set[str]) -> str:
    """A function's name: the module's, without its number and in the singular."""
    *parents, last = family[0].path.split(".")
    listed = last.isdigit() and bool(parents)
    stem = identifier(re.sub(r"_?\d+[a-z]?$", "", parents[-1] if listed else last), "block")
    if listed and stem.endswith("s") and not stem.endswith("ss"):
        stem = stem[:-1]  # one of the layers is a layer
    name, count = stem, 1
    while name in names:
        name, count = f"{stem}_{count + 1}", count + 1
    names.add(name)
    return name


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
