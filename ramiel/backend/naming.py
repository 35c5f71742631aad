"""Names of the generated code: one for each value of the program, unique and readable."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from typing import cast

from xdsl.ir import Block, Operation, SSAValue

from ramiel.backend.layout_printer import prepared_names
from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.task import ProgramOp, RecvOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.dialects.torch_control import IfOp, LoopOp, yielded
from ramiel.frontend.names import identifier
from ramiel.operators.rendering import quote, render
from ramiel.transforms.short_names import short_names
from ramiel.transforms.task_graph import is_given_integer

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *("torch", "F", "Tensor", "operators", "layouts", "w", "channels", "Model"),
        *("Channels", "Cluster", "Input", "Message", "ParallelModel", "Weights"),
        *("Any", "Group", "Path", "TYPE_CHECKING", "WEIGHTS"),
    }
)
"""Names that the generated module uses itself."""


class Namespace:
    """Gives out identifiers, each once."""

    def __init__(self) -> None:
        self.taken: set[str] = set(RESERVED)
        self._counts: dict[str, int] = {}
        """By name the last number behind it: those below are taken, too."""

    def fresh(self, hint: str) -> str:
        """The hint as an identifier, with a number if it is taken."""
        if hint in RESERVED:
            hint += "_"
        base = re.sub(r"(_\d+)+$", "", hint).rstrip("_") if hint in self.taken else hint
        name = hint
        while name in self.taken:
            self._counts[base] = self._counts.get(base, 1) + 1
            name = f"{base}_{self._counts[base]}"
        self.taken.add(name)
        return name


class Names(dict[SSAValue, str]):
    """What each value is called, and the names that are left."""

    def __init__(
        self, namespace: Namespace, operations: Iterable[Operation] = (), inside: bool = False
    ) -> None:
        """`operations` are those that are printed: their results have short names."""
        super().__init__()
        self.namespace = namespace
        self.short = short_names(operations, inside)
        self.integers: dict[str, str] = {}
        """The names of integers by their expressions: each cluster that reads one computes it."""

    def share(self, op: CallOp) -> None:
        """Name an integer that other clusters compute too."""
        text = render(op, self.__getitem__)
        if text not in self.integers:
            self.integers[text] = self.namespace.fresh(self.hint(op.results[0], "size"))
        self[op.results[0]] = self.integers[text]

    def give(self, value: SSAValue, default: str = "value") -> None:
        """Name a value after itself, unless it has a name."""
        if value not in self:
            self[value] = self.namespace.fresh(self.hint(value, default))

    def hint(self, value: SSAValue, default: str) -> str:
        """From its place in the network, else its own name, else what computes it."""
        if value in self.short:
            return self.short[value]
        if value.name_hint:
            return identifier(value.name_hint, default)
        if isinstance(value.owner, CallOp):
            return identifier(value.owner.key.data.rsplit(".", 1)[-1], default)
        return default


def name_values(program: ProgramOp, namespace: Namespace) -> Names:
    """What each value is called; a received value has the name it was sent under."""
    names = Names(namespace, program.walk())
    for argument in program.arguments:
        names.give(argument, "input")
    for cluster in program.clusters:
        _name_block(cluster.block, names)
    for channel in program.channels:
        names[channel.recv.result] = names[channel.send.value]
    return names


def _name_block(block: Block, names: Names) -> None:
    prepared = prepared_names(block)
    for op in block.ops:
        if isinstance(op, PrepareOp):
            names[op.results[0]] = f"w[{quote(prepared[op])}]"
            continue
        if isinstance(op, WeightOp):
            names[op.result] = f"w[{quote(op.weight_name.data)}]"
            continue
        if isinstance(op, RecvOp):
            continue
        if isinstance(op, CallOp) and is_given_integer(op):
            names.share(op)
        for result in op.results:
            names.give(result)
        if isinstance(op, IfOp | LoopOp):
            name_regions(op, names)


def name_regions(op: IfOp | LoopOp, names: Names) -> None:
    """Names for what control flow computes inside, after its results have theirs."""
    if isinstance(op, IfOp):
        _name_branches(op, names)
    else:
        _name_loop(op, names)


def _name_branches(op: IfOp, names: Names) -> None:
    """What a branch computes for a result has the result's name."""
    for region in op.regions:
        values = yielded(region.block)
        for result, value in zip(op.results, values, strict=True):
            if _is_computed_in(value, region.block) and values.count(value) == 1:
                names[value] = names[result]
        _name_block(region.block, names)


def _name_loop(op: LoopOp, names: Names) -> None:
    """A carried value is one variable; its next value is assigned to it where that is safe."""
    names.give(op.index, "index")
    for argument, result in zip(op.state[op.CONDITIONS :], op.final_state, strict=True):
        names[argument] = names[result]
    for argument in op.state[: op.CONDITIONS]:
        names.give(argument, "running")
    values = op.next_state
    for argument, value in zip(op.state, values, strict=True):
        if _is_computed_in(value, op.block) and values.count(value) == 1:
            order = {inner: position for position, inner in enumerate(op.block.ops)}
            last = max(
                (order[_ancestor(use.operation, op.block)] for use in argument.uses), default=-1
            )
            if last <= order[cast(Operation, value.owner)]:
                names[value] = names[argument]
    _name_block(op.block, names)


def _is_computed_in(value: SSAValue, block: Block) -> bool:
    """Whether a call of this very block computes the value."""
    return isinstance(value.owner, CallOp) and value.owner.parent is block


def _ancestor(op: Operation, block: Block) -> Operation:
    """The operation of the block that an operation is or is inside of."""
    while op.parent is not block:
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op


def class_name(name: str) -> str:
    """A class's name: `inception_v3` becomes `InceptionV3`; capitals are kept."""
    words = re.split(r"[^0-9A-Za-z]+", name)
    text = "".join(word[:1].upper() + word[1:] for word in words)
    text = text if text[:1].isalpha() else f"Model{text}"
    return f"Compiled{text}" if text in RESERVED else text
