"""`outline-blocks`: blocks that differ only in their weights become calls of one function."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    IndexType,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.task import ProgramOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.frontend.names import identifier
from ramiel.locations import node_location, node_name
from ramiel.transforms.block_families import (
    Family,
    choose,
    choose_single,
    describe,
    find_families,
    module_in,
)
from ramiel.transforms.block_names import CLASS, class_of, fresh_name
from ramiel.transforms.generic_blocks import (
    Settings,
    Step,
    join,
    open_literals,
    open_numbers,
    with_settings,
)
from ramiel.transforms.short_names import short_names
from ramiel.transforms.task_graph import COST, cost_of, values_read

NUMBERS = "settings"


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
