"""From operations to a task graph: which operations are tasks, what each reads, what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.dialects.builtin import IndexType, UnregisteredOp
from xdsl.ir import Operation, SSAValue
from xdsl.traits import IsTerminator, is_side_effect_free

from ramiel.dialects import syntax
from ramiel.dialects.dataflow import Immediate
from ramiel.dialects.program import ProgramOperation
from ramiel.errors import RamielError
from ramiel.remarks import remark
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import Edge, MessageCost, TaskGraph
from ramiel.tensors import byte_size

COST = "cost"
"""The discardable attribute with an operation's cost: a list, the ns on 1, 2, … cores."""
LONGEST = 10**12
"""The largest cost that is believed, in ns: sums over a million operations stay below 2^62."""
LARGEST = 2**40
"""The largest message that is believed, in bytes."""
MOST_COPIED = 64
"""How many operations a cluster computes an integer with itself, rather than receive it."""


@dataclass(frozen=True)
class Tasks:
    """Operations as tasks, numbered as in `graph`.

    Attributes:
        operations: of each task.
        reads: of each task the values from outside that it and its regions use, each once.
        producer: the task of each value that a task computes.
        ordered: the tasks with side effects, in the order in which they must stay.
        graph: data from task to task, and the order of those with side effects.
        has_costs: whether any operation has a cost.

    """

    operations: list[Operation]
    reads: list[list[SSAValue]]
    producer: dict[SSAValue, int]
    ordered: list[list[int]]
    graph: TaskGraph
    has_costs: bool


def is_immediate(op: Operation) -> bool:
    """Whether the operation is a weight or constant, which exists before the program runs.

    So does an integer that is computed from the shapes of the program's arguments alone: each
    cluster that reads it computes it, since a message costs more.
    """
    return op.has_trait(Immediate, value_if_unregistered=False) or is_given_integer(op)


def is_given_integer(op: Operation) -> bool:
    """Whether all results are integers that few operations compute from the program's arguments."""
    if not _computes_integers(op):
        return False
    seen, pending = {op}, [op]
    while pending:
        for operand in pending.pop().operands:
            owner = operand.owner
            if not isinstance(owner, Operation):
                if not isinstance(owner.parent_op(), ProgramOperation):
                    return False
                continue
            if owner in seen or owner.has_trait(Immediate, value_if_unregistered=False):
                continue
            if len(seen) == MOST_COPIED or not _computes_integers(owner):
                return False
            seen.add(owner)
            pending.append(owner)
    return True


def _computes_integers(op: Operation) -> bool:
    if op.regions or not op.results or not op.operands:
        return False
    return is_side_effect_free(op) and all(isinstance(r.type, IndexType) for r in op.results)


def is_task(op: Operation) -> bool:
    """Whether a worker has to run the operation."""
    return not is_immediate(op) and not op.has_trait(IsTerminator, value_if_unregistered=False)


def keeps_order(op: Operation) -> bool:
    """Whether the operation must stay in order with others of its kind: random ones, say.

    Of an operation without a definition only the data are known, and they are the only order
    that a graph has.
    """
    return not isinstance(op, UnregisteredOp) and not is_side_effect_free(op)


def values_read(op: Operation) -> list[SSAValue]:
    """The operands and the values that the regions capture, each once, in order."""
    if not op.regions:
        return list(dict.fromkeys(op.operands))
    inside: set[SSAValue] = set()
    for nested in op.walk():
        if nested is not op:
            inside.update(nested.results)
        for region in nested.regions:
            for block in region.blocks:
                inside.update(block.args)
    used = (operand for nested in op.walk() for operand in nested.operands)
    return [value for value in dict.fromkeys(used) if value not in inside]


def cost_of(op: Operation) -> tuple[int, ...] | None:
    """The costs on 1, 2, … cores in ns, LONGEST at most, None if there are none.

    Raises RamielError for an attribute that is not a list of natural numbers.
    """
    attribute = op.attributes.get(COST)
    if attribute is None:
        return None
    try:
        costs = syntax.to_literal(attribute)
    except TypeError:
        costs = None
    if isinstance(costs, Sequence) and not isinstance(costs, str):
        known = tuple(min(c, LONGEST) for c in costs if isinstance(c, int) and c >= 0)
        if known and len(known) == len(costs):
            return known
    raise RamielError(
        f"{syntax.name_of(op)}: {COST} must be a list of ns on 1, 2, … cores, not {attribute}"
    )


def read_tasks(
    operations: Sequence[Operation],
    groups: Iterable[Sequence[Operation]],
    also_reads: Mapping[Operation, Sequence[SSAValue]] | None = None,
    sent: Mapping[SSAValue, SSAValue] | None = None,
) -> Tasks:
    """The task graph of operations.

    In each of the `groups` the operations with side effects keep their order.  `also_reads` are
    values that an operation waits for without using them; `sent` gives for a received value the
    one that stands for it.  Raises RamielError for a bad cost.
    """
    number = {op: task for task, op in enumerate(operations)}
    reads = [[*values_read(op), *(also_reads or {}).get(op, ())] for op in operations]
    if sent:
        reads = [[sent.get(value, value) for value in values] for values in reads]
    producer: dict[SSAValue, int] = {
        result: task for op, task in number.items() for result in op.results
    }
    edges: list[Edge] = [
        (producer[value], task, min(byte_size(value.type), LARGEST))
        for task, values in enumerate(reads)
        for value in values
        if value in producer
    ]
    ordered = [[number[op] for op in group if keeps_order(op)] for group in groups]
    edges += [(first, then, 0) for tasks in ordered for first, then in pairwise(tasks)]
    costs = [cost_of(op) for op in operations]
    known = [cost or (1,) for cost in costs]
    if None in costs:
        remark(f"{costs.count(None)} of {len(costs)} operations have no cost: they count as 1 ns")
    graph = TaskGraph(known, edges)
    return Tasks(
        operations=list(operations),
        reads=reads,
        producer=producer,
        ordered=ordered,
        graph=graph,
        has_costs=any(costs),
    )


def message_cost(
    latency_ns: int | None,
    tasks: Tasks,
    ns_per_byte: float | None = None,
    machine: Machine | None = None,
) -> MessageCost:
    """The cost of a message: what is given, else the machine's, else the default.

    Free if the tasks have no costs to compare with.  Raises RamielError if a part is negative.
    """
    known = machine.message if machine is not None else MessageCost()
    latency_ns = known.latency_ns if latency_ns is None else latency_ns
    ns_per_byte = known.ns_per_byte if ns_per_byte is None else ns_per_byte
    if latency_ns < 0:
        raise RamielError(f"message-ns is {latency_ns}, not at least 0")
    if ns_per_byte < 0:
        raise RamielError(f"message-ns-per-byte is {ns_per_byte}, not at least 0")
    return MessageCost(latency_ns, ns_per_byte) if tasks.has_costs else MessageCost(0)
