"""A block of torch.calls as Python statements, invocations in a chain as a loop.

Both styles without clusters print with it; what differs is how weights and functions are called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, SSAValue

from ramiel.backend.naming import Names, Namespace, name_regions
from ramiel.backend.region_printer import RegionPrinter
from ramiel.backend.source import Source, as_comment
from ramiel.backend.wrapping import LINE_LENGTH
from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import IfOp, LoopOp, yielded
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.errors import RamielError
from ramiel.frontend.names import identifier
from ramiel.operators.rendering import render
from ramiel.tensors import dims_of
from ramiel.transforms.lowering import label

LEAST_IN_LOOP = 3
"""Two calls are as short as a loop."""


def weights_of(owner: GraphOp | FunctionOp) -> dict[SSAValue, str]:
    """The weights that a graph or function reads itself, each under its name."""
    if isinstance(owner, FunctionOp):
        return owner.weights
    return {op.result: op.weight_name.data for op in owner.walk() if isinstance(op, WeightOp)}


class BlockPrinter(ABC):
    """Prints the body of one function."""

    def __init__(self, source: Source, owner: GraphOp | FunctionOp, taken: Sequence[str]) -> None:
        """`taken` are names that the values must not have."""
        self.source = source
        self.block: Block = owner.block
        self.numbers = owner.numbers if isinstance(owner, FunctionOp) else {}
        self.weights: Mapping[SSAValue, str] = weights_of(owner)
        namespace = Namespace()
        namespace.taken.update(taken)
        self.names = Names(namespace, self.block.walk(), isinstance(owner, FunctionOp))
        self.inputs = [value for value in self.block.args if value not in self.weights]
        for value in self.inputs:
            self.names.give(value, "input")
        self.loop = namespace.fresh("index")
        for value, path in self.weights.items():
            self.names[value] = self.weight(path)
        self.regions = RegionPrinter(source, self.names, self.statement)

    @abstractmethod
    def weight(self, path: str) -> str:
        """The expression of a weight."""

    @abstractmethod
    def invocation(self, op: InvokeOp, inputs: Sequence[str]) -> str:
        """The expression that calls a function with a module's weights."""

    @abstractmethod
    def loop_header(self, chain: Sequence[InvokeOp]) -> tuple[str, str]:
        """`for …:` over the modules of a chain, and the function to call in it with `…` for the
        arguments."""

    def hidden(self, op: Operation) -> bool:
        """Whether a later operation's statement computes it, too."""
        return False

    def also(self, op: Operation) -> Sequence[Operation]:
        """The hidden operations that an operation's statement computes."""
        return ()

    def call(self, op: CallOp) -> str:
        """The expression of a call."""
        return render(op, self.names.__getitem__)

    def number_texts(self, op: InvokeOp) -> list[str]:
        """What an invocation gives for the settings."""
        return [str(n) if isinstance(n, int) else self.names[n] for n in op.numbers]

    def print(self, indent: int = 4) -> None:
        """Print the statements, and the `return`."""
        operations = [op for op in self.block.ops if not isinstance(op, WeightOp | OutputOp)]
        operations = [op for op in operations if not self.hidden(op)]
        chains = find_chains(operations)
        last = self._returned(operations)
        for op in operations:
            if op is last and op not in chains:
                self.source.statement(f"return {self._expression(op)}", indent, op)
                self._note(op)
                self.regions.print_functions()
                return
            if isinstance(op, InvokeOp) and op in chains:
                if chains[op][-1] is op:
                    self._chain(chains[op], indent)
                continue
            self.statement(op, indent)
        values = [self.names[value] for value in yielded(self.block)]
        self.source.statement(f"return {', '.join(values)}", indent)
        self.regions.print_functions()

    def _returned(self, operations: Sequence[Operation]) -> Operation | None:
        """The last operation, if what it computes is all that is returned."""
        last = operations[-1] if operations else None
        if not isinstance(last, CallOp | InvokeOp) or len(last.results) != 1:
            return None
        return last if yielded(self.block) == [last.results[0]] else None

    def _expression(self, op: Operation) -> str:
        match op:
            case InvokeOp():
                return self.invocation(op, [self.names[value] for value in op.inputs])
            case CallOp():
                return self.call(op)
            case _:
                raise RamielError(
                    f"cannot print {label(op)}: this style wants torch.call, "
                    "run --convert-onnx-to-torch --outline-constants first"
                )

    def statement(self, op: Operation, indent: int) -> None:
        """Print one operation."""
        if isinstance(op, IfOp | LoopOp):
            self._give_names(op)
            self.regions.print(op, indent)
            return
        for result in op.results:
            self.names.give(result)
        targets = ", ".join(self.names[r] if r.uses else "_" for r in op.results)
        self._assign(targets, self._expression(op), indent, op)

    def _assign(self, targets: str, text: str, indent: int, op: Operation) -> None:
        """With the shape beside it, if that does not cost a line."""
        statement, comment = f"{targets} = {text}", shape_comment(op)
        fits = indent + len(statement) + 4 + len(comment) <= LINE_LENGTH
        self.source.statement(statement, indent, op, comment if fits else "")
        self._note(op)

    def _note(self, op: Operation) -> None:
        """What else the line is from."""
        if also := self.also(op):
            self.source.also[len(self.source.lines)] = also

    def _give_names(self, op: IfOp | LoopOp) -> None:
        """Names for what is in the regions, as in the style with clusters."""
        for result in op.results:
            self.names.give(result)
        inner = [v for v in op.walk() if isinstance(v, WeightOp)]
        name_regions(op, self.names)
        for weight in inner:
            self.names[weight.result] = self.weight(weight.weight_name.data)

    def _chain(self, chain: Sequence[InvokeOp], indent: int) -> None:
        """The value that goes through is one variable."""
        last, first = chain[-1].results[0], self.names[chain[0].operands[0]]
        hint = identifier(chain[0].function.root_reference.data)
        self.names[last] = name = self.names.namespace.fresh(f"{hint}_output")
        header, function = self.loop_header(chain)
        others = [self.names[value] for value in chain[0].inputs[1:]]
        self.source.statement(f"{name} = {first}", indent)
        self.source.statement(header, indent)
        before, _, after = function.rpartition("...")
        call = f"{before}{', '.join([name, *others])}{after}"
        self._assign(name, call, indent + 4, chain[0])


def annotated(name: str, value: SSAValue) -> str:
    """A parameter of a function, with its type."""
    return f"{name}: {'int' if isinstance(value.type, IndexType) else 'Tensor'}"


def find_chains(operations: Sequence[Operation]) -> dict[InvokeOp, list[InvokeOp]]:
    """The runs of invocations of one function that only hand their result on to the next one."""
    found: dict[InvokeOp, list[InvokeOp]] = {}
    chain: list[InvokeOp] = []
    for op in operations:
        if isinstance(op, InvokeOp):
            chain = [*chain, op] if chain and _continues(chain[-1], op) else [op]
            found.update(dict.fromkeys(chain, chain))
    return {op: chain for op, chain in found.items() if len(chain) >= LEAST_IN_LOOP}


def _continues(before: InvokeOp, op: InvokeOp) -> bool:
    if op.function != before.function or not op.inputs:
        return False
    [(stem, number), (other, next_number)] = map(numbered, (before.module.data, op.module.data))
    passes_on = len(before.results) == 1 and op.operands[0] is before.results[0]
    alone = len(list(before.results[0].uses)) == 1
    others = list(op.inputs[1:]) == list(before.inputs[1:]) and op.numbers == before.numbers
    consecutive = stem == other and number >= 0 and next_number == number + 1
    return passes_on and alone and others and consecutive


def numbered(path: str) -> tuple[str, int]:
    """("encoder.layer", 3) of "encoder.layer.3"; -1 where there is no number."""
    stem, _, last = path.rpartition(".")
    return (stem, int(last)) if last.isdigit() else (path, -1)


def shape_comment(op: Operation) -> str:
    """The result's shape, where it is known and not that of the first operand."""
    if len(op.results) != 1:
        return ""
    dims = dims_of(op.results[0].type)
    if dims is None or (op.operands and dims_of(op.operands[0].type) == dims):
        return ""
    if "" in dims and isinstance(op.parent_op(), FunctionOp):
        return ""  # it differs from call to call
    return f"[{as_comment(', '.join(str(dim) or '?' for dim in dims))}]"
