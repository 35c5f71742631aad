"""One task.cluster as one async function: an operation a line, from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from xdsl.ir import Attribute, Operation, SSAValue

from ramiel.backend.block_printer import numbered
from ramiel.backend.cluster_blocks import chains_between_messages
from ramiel.backend.liveness import dropped_after
from ramiel.backend.naming import Names
from ramiel.backend.region_printer import RegionPrinter
from ramiel.backend.sections import sections_of
from ramiel.backend.source import Source, as_comment
from ramiel.backend.stretches import TORCH_COMPILE, Stretch, stretches_of
from ramiel.backend.style_script import function_name
from ramiel.backend.wrapping import LINE_LENGTH
from ramiel.dialects.dataflow import ConstantOp, WeightOp
from ramiel.dialects.onnx import OptionalType, SequenceType
from ramiel.dialects.task import ChannelOp, ClusterOp, OutputOp, ProgramOp, RecvOp, SendOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.dialects.torch_control import IfOp, LoopOp
from ramiel.dialects.torch_function import InvokeOp
from ramiel.errors import RamielError
from ramiel.operators.rendering import format_literal, quote, render
from ramiel.tensors import dims_of, element_of, from_dense
from ramiel.transforms.lowering import label
from ramiel.transforms.task_graph import cost_of

MESSAGES_NAMED = 6
"""More than these are counted, not listed."""
SECTION_LENGTH = 4
"""A module of fewer statements needs no heading."""


def cluster_name(cluster: ClusterOp) -> str:
    """The function's name."""
    return cluster.sym_name.data


def cluster_of(op: Operation) -> ClusterOp:
    """The cluster that an operation stands in."""
    parent = op.parent_op()
    assert isinstance(parent, ClusterOp)
    return parent


def channel_of(op: SendOp | RecvOp) -> ChannelOp:
    """The channel that a message goes through."""
    owner = op.channel.owner
    assert isinstance(owner, ChannelOp)
    return owner


def arguments_read(program: ProgramOp, cluster: ClusterOp) -> list[int]:
    """The positions of the program's arguments that a cluster reads."""
    read = {operand for op in cluster.walk() for operand in op.operands}
    return [argument.index for argument in program.arguments if argument in read]


def print_cluster(source: Source, program: ProgramOp, cluster: ClusterOp, names: Names) -> None:
    """Print a cluster's function.

    Raises RamielError for an operation that is no torch.call.
    """
    ClusterPrinter(source, program, cluster, names).print()


class ClusterPrinter:
    """Prints one cluster."""

    def __init__(
        self,
        source: Source,
        program: ProgramOp,
        cluster: ClusterOp,
        names: Names,
    ) -> None:
        self.source = source
        self.program = program
        self.cluster = cluster
        self.names = names
        self.headed = False
        self.dropped: Mapping[Operation, Sequence[SSAValue]] = {}
        self.chains: Mapping[InvokeOp, Sequence[InvokeOp]] = {}
        self.stretches: dict[Operation, Stretch] = {}
        """The stretch that an operation is printed in, once it is."""
        self.regions = RegionPrinter(source, names, self._operation)
        self.total = max(self._cost(cluster.block.ops), 1)

    def print(self) -> None:
        """Print the function."""
        name = cluster_name(self.cluster)
        self._print_stretches()
        inputs = [
            f"{self.names[argument]}: {annotation(argument.type)}"
            for argument in (
                self.program.arguments[index]
                for index in arguments_read(self.program, self.cluster)
            )
        ]
        parameters = ", ".join([*inputs, "w: Weights", "channels: Channels"])
        self.source.statement(f"async def {name}({parameters}) -> dict[str, Tensor]:", 0)
        # The colon is no bracket: a long signature is wrapped without it.
        self._docstring()
        statements = [
            op
            for op in self.cluster.block.ops
            if not isinstance(op, OutputOp | WeightOp | PrepareOp)
        ]
        if not self.stretches:  # what is only known in a stretch cannot be dropped here
            returned = [op.value for op in self.cluster.block.ops if isinstance(op, OutputOp)]
            self.dropped = dropped_after(statements, returned)
            self.chains = chains_between_messages(statements)
        self._sections(statements)
        model_names = self.program.result_names()
        outputs = [
            f"{quote(model_names[op.position])}: {self.names[op.value]}"
            for op in self.cluster.block.ops
            if isinstance(op, OutputOp)
        ]
        self.source.statement(f"return {{{', '.join(outputs)}}}")
        self.regions.print_functions()

    def _sections(self, statements: Sequence[Operation]) -> None:
        sections = sections_of(statements)
        for section, group in groupby(statements, sections.__getitem__):
            self._section(section, list(group))

    def _print_stretches(self) -> None:
        """The functions for torch.compile, before the cluster that calls them."""
        if TORCH_COMPILE not in self.program.attributes:
            return
        for stretch in stretches_of(self.cluster):
            inputs = [f"{self.names[v]}: {annotation(v.type)}" for v in stretch.inputs]
            outputs = [self.names[value] for value in stretch.outputs]
            result = "Tensor" if len(outputs) == 1 else "tuple[Tensor, ...]"
            parameters = ", ".join([*inputs, "w: Weights"])
            self.source.add("@compiled")
            self.source.statement(f"def {stretch.name}({parameters}) -> {result}:", 0)
            self._sections(stretch.operations)
            self.source.statement(f"return {', '.join(outputs)}")
            self.source.add("", "")
            self.headed = False
            self.stretches.update(dict.fromkeys(stretch.operations, stretch))

    def _call_stretch(self, op: Operation, stretch: Stretch) -> None:
        """In the cluster's function, where its first operation stands."""
        if op is not stretch.operations[0]:
            return
        arguments = [*(self.names[value] for value in stretch.inputs), "w"]
        targets = ", ".join(self.names[value] for value in stretch.outputs)
        self.source.statement(f"{targets} = {stretch.name}({', '.join(arguments)})", 4, op)

    def _docstring(self) -> None:
        calls = sum(map(count_calls, self.cluster.block.ops))
        cost = self.cluster.attributes.get("cost_ns")
        time = f", {milliseconds(cost.value.data)} predicted" if cost is not None else ""  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        lines = [f'    """{calls} operation{"s" * (calls != 1)}{time}.']
        for kind, verb in ((RecvOp, "Receives"), (SendOp, "Sends")):
            messages = [op for op in self.cluster.block.ops if isinstance(op, kind)]
            lines += self._messages(verb, messages)
        if len(lines) == 1:
            lines[0] += '"""'
        else:
            lines.append('    """')
        self.source.add(*lines)

    def _messages(self, verb: str, messages: Sequence[SendOp | RecvOp]) -> list[str]:
        """What goes to or comes from each other cluster, as lines of the docstring."""
        by_cluster: dict[str, list[str]] = {}
        for op in messages:
            channel = channel_of(op)
            other = channel.recv if isinstance(op, SendOp) else channel.send
            value = op.value if isinstance(op, SendOp) else op.result
            by_cluster.setdefault(cluster_name(cluster_of(other)), []).append(self.names[value])
        preposition = "to" if verb == "Sends" else "from"
        lines: list[str] = []
        for other, values in by_cluster.items():
            text = f"{verb} {preposition} {other}: {', '.join(values)}."
            if len(values) > MESSAGES_NAMED:
                first, last = values[0], values[-1]
                text = f"{verb} {len(values)} values {preposition} {other}, from {first} to {last}."
            lines += ["", *_fill(text)]
        return lines

    def _section(self, name: str, operations: Sequence[Operation]) -> None:
        """The operations of one module of the model: under its name, if they are several."""
        printed = [op for op in operations if op not in self.stretches]
        headed = bool(name) and len(printed) >= SECTION_LENGTH
        if (headed or self.headed) and not self.source.lines[-1].endswith('"""'):
            self.source.add("")
        if headed:
            self.source.add(f"    # {as_comment(name)}{self._share(operations)}")
        self.headed = headed
        for op in operations:
            chain = self.chains.get(op, [op]) if isinstance(op, InvokeOp) else [op]
            if op is not chain[-1]:
                continue  # the last one prints all
            self._operation(op)
            dropped = (value for step in chain for value in self.dropped.get(step, ()))
            hidden = {step.results[0] for step in chain[:-1]}
            self._drop([self.names[value] for value in dropped if value not in hidden])

    def _drop(self, names: Sequence[str]) -> None:
        """In one statement, if it fits in a line."""
        together = ", ".join(names)
        fits = len(together) + len("    del ") <= LINE_LENGTH
        for text in [together] if fits else names:
            if text:
                self.source.statement(f"del {text}")

    def _share(self, operations: Sequence[Operation]) -> str:
        """How much of the cluster's time a section takes, if that is known."""
        cost = self._cost(operations)
        return f", {max(1, round(100 * cost / self.total))} % of the time" if cost else ""

    def _cost(self, operations: Iterable[Operation]) -> int:
        width = self.cluster.cores
        costs = (cost for op in operations if (cost := cost_of(op)))
        return sum(cost[min(width, len(cost)) - 1] for cost in costs)

    def _operation(self, op: Operation, indent: int = 4) -> None:
        if op in self.stretches:
            self._call_stretch(op, self.stretches[op])
            return
        match op:
            case IfOp() | LoopOp():
                self.regions.print(op, indent)
                return
            case RecvOp():
                sender = cluster_name(cluster_of(channel_of(op).send))
                name = self.names[op.result]
                text = f"{name} = await channels.recv({quote(name)}, source={quote(sender)})"
            case SendOp():
                receiver = cluster_name(cluster_of(channel_of(op).recv))
                name = self.names[op.value]
                text = f"channels.send({quote(name)}, {name}, to={quote(receiver)})"
            case InvokeOp() if op in self.chains:
                self._chain(self.chains[op], indent)
                return
            case InvokeOp():
                text = f"{self._targets(op)} = {self._invocation(op, quote(op.module.data))}"
            case CallOp():
                text = f"{self._targets(op)} = {render(op, self.names.__getitem__)}"
            case ConstantOp():
                text = f"{self.names[op.result]} = {constant_expression(op)}"
            case _:
                raise RamielError(
                    f"cannot print {label(op)}: the pytorch target wants torch.call, "
                    "run --convert-onnx-to-torch first"
                )
        self.source.statement(text, indent, op, self._shape_comment(op))

    def _invocation(self, op: InvokeOp, module: str, first: str = "") -> str:
        """`run_layer("layer.0", x, w, stride=2)`"""
        function = op.callee
        inputs = [self.names[value] for value in op.inputs]
        inputs = [first, *inputs[1:]] if first else inputs
        pairs = zip(function.numbers.values(), op.numbers, strict=True)
        settings = [f"{name}={number}" for name, number in pairs]
        arguments = ", ".join([module, *inputs, "w", *settings])
        return f"{function_name(function.sym_name.data)}({arguments})"

    def _chain(self, chain: Sequence[InvokeOp], indent: int) -> None:
        """The value that goes through is one variable."""
        (stem, first), (_, last) = (numbered(chain[i].module.data) for i in (0, -1))
        name, index = self.names[chain[-1].results[0]], self.names.namespace.fresh("index")
        counts = f"{first}, {last + 1}" if first else f"{last + 1}"
        start = self.names[chain[0].operands[0]]
        call = self._invocation(chain[0], f'f"{stem}.{{{index}}}"', name)
        self.source.statement(f"{name} = {start}", indent, chain[0])
        self.source.statement(f"for {index} in range({counts}):", indent, chain[0])
        self.source.statement(f"{name} = {call}", indent + 4, chain[0])

    def _targets(self, op: CallOp | InvokeOp) -> str:
        targets = [self.names[result] if result.uses else "_" for result in op.results]
        return ", ".join(targets)

    def _shape_comment(self, op: Operation) -> str:
        """The result's shape, where it is not that of the first operand."""
        if not isinstance(op, CallOp) or len(op.results) != 1:
            return ""
        [result] = op.results
        dims = dims_of(result.type)
        if dims is None or (op.operands and dims_of(op.operands[0].type) == dims):
            return ""
        text = ", ".join(str(dim) or "?" for dim in dims)
        return f"[{as_comment(text)}]"


def count_calls(op: Operation) -> int:
    """The operations that a statement stands for."""
    if isinstance(op, InvokeOp):
        return sum(map(count_calls, op.callee.block.ops))
    return int(isinstance(op, CallOp | IfOp | LoopOp))


def annotation(type: Attribute) -> str:
    """The Python type of a value."""
    if isinstance(type, OptionalType):
        return f"{annotation(type.element_type)} | None"
    return f"list[{annotation(type.element_type)}]" if isinstance(type, SequenceType) else "Tensor"


def _fill(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(
        text,
        LINE_LENGTH,
        initial_indent="    ",
        subsequent_indent="        ",
        break_long_words=False,
    )


def milliseconds(nanoseconds: int) -> str:
    """`12.3 ms`, or microseconds where that says more."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds / 1e3:.0f} µs"
    return f"{nanoseconds / 1e6:.3g} ms" if nanoseconds < 1e8 else f"{nanoseconds / 1e6:.0f} ms"


def constant_expression(op: ConstantOp) -> str:
    """`torch.tensor([1, -1])`, with a dtype where it is not the one that torch would choose."""
    from ramiel import element_types

    array = from_dense(op.value)
    element = element_of(op.result.type)
    name = element_types.of_mlir(element).torch if element is not None else None
    values = format_literal(array.tolist()).replace("(", "[").replace(",)", "]").replace(")", "]")
    dtype = "" if name in ("float32", "int64", "bool") and array.size else f", dtype=torch.{name}"
    return f"torch.tensor({values}{dtype})"
