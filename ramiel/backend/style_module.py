"""Style `module`: an nn.Module with the model's own submodules and a plain forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation, SSAValue

from ramiel import element_types
from ramiel.backend.block_printer import BlockPrinter, annotated, find_chains, numbered
from ramiel.backend.constructors import ClassParameters, Instances, invocation_arguments
from ramiel.backend.module_tree import (
    GROUP,
    Tree,
    attribute,
    constructor,
    is_repeated,
    tree_of,
)
from ramiel.backend.naming import RESERVED, class_name
from ramiel.backend.sequential import Run, find_runs
from ramiel.backend.source import Source, as_comment
from ramiel.dialects.dataflow import GraphOp, OutputOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.frontend.names import identifier
from ramiel.operators.leaf_modules import Argument, Constructor, LeafModule, leaf_module
from ramiel.operators.rendering import Code
from ramiel.tensors import element_of
from ramiel.transforms.block_names import CLASS

STATISTICS = (".running_mean", ".running_var")
"""Buffers, though they are floating."""


class ModulePrinter(BlockPrinter):
    """Prints one class: its constructor, and its forward from calls of what that made."""

    def __init__(
        self,
        source: Source,
        owner: GraphOp | FunctionOp,
        title: str,
        classes: Mapping[str, str],
        instances: Instances,
        parameters: dict[str, ClassParameters],
    ) -> None:
        """`classes` has the class of each function, `parameters` those of their constructors."""
        self.title = title
        self.classes = classes
        super().__init__(source, owner, ["self", "nn", "Group", title, *classes.values()])
        self.owner = owner
        self.made = instances.made
        symbol = owner.sym_name.data if isinstance(owner, FunctionOp) else ""
        self.instances = instances.of[symbol] if symbol else [instances.root]
        self.known = parameters
        self.leaves = self._leaves()
        self.parameters = parameters[symbol] = ClassParameters()
        given = [value for value in self.numbers if self._is_read(value)]
        self.parameters.given = [list(self.numbers).index(value) for value in given]
        self.inputs = [v for v in self.inputs if v not in self.numbers or v in given]
        children = self._children()
        self.runs = self._runs(list(children), instances.paths[symbol][0] if symbol else "")
        for run in {run.path: run for run in self.runs.values()}.values():
            for path, made in run.plain.items():
                children[path] = [made for _ in self.instances]
            self.names[run.operations[-1].results[0]] = self.names.namespace.fresh(
                identifier(run.path.rpartition(".")[2] if symbol else run.path)
            )
        for path, constructors in children.items():
            self.parameters.add(path, constructors)
        self.parameters.name_all()
        texts = {path: self.parameters.text(children[path]) for path in children}
        self.tree = tree_of(texts)

    def _runs(self, children: Sequence[str], around: str) -> dict[Operation, Run]:
        """The nn.Sequential that an operation is a part of."""
        chains = find_chains(list(self.block.ops))

        def is_simple(op: InvokeOp) -> bool:
            given = self.known[op.callee.sym_name.data].given
            return len(op.results) == len(op.inputs) == 1 and not given and op not in chains

        operations = [op for op in self.block.ops if not isinstance(op, WeightOp | OutputOp)]
        runs = find_runs(operations, around, self.leaves, children, is_simple)
        return {op: run for run in runs for op in run.operations}

    def hidden(self, op: Operation) -> bool:
        return op in self.runs and op is not self.runs[op].operations[-1]

    def also(self, op: Operation) -> Sequence[Operation]:
        return self.runs[op].operations[:-1] if op in self.runs else ()

    def weight(self, path: str) -> str:
        return attribute(path)

    def _expression(self, op: Operation) -> str:
        if op in self.runs:
            run = self.runs[op]
            return f"{attribute(run.path)}({self.names[run.data]})"
        return super()._expression(op)

    def call(self, op: CallOp) -> str:
        if op in self.leaves:
            path, leaf = self.leaves[op]
            return f"{attribute(path)}({self.names[leaf.data]})"
        return super().call(op)

    def invocation(self, op: InvokeOp, inputs: Sequence[str]) -> str:
        numbers = self.number_texts(op)
        given = [numbers[i] for i in self.known[op.callee.sym_name.data].given]
        return f"{attribute(op.module.data)}({', '.join([*inputs, *given])})"

    def loop_header(self, chain: Sequence[InvokeOp]) -> tuple[str, str]:
        (stem, first), (_, last) = (numbered(chain[i].module.data) for i in (0, -1))
        node: Tree | str = self.tree
        for part in stem.split("."):
            node = node[part] if isinstance(node, dict) else node
        name = chain[0].function.root_reference.data
        variable = self.names.namespace.fresh(name)
        if first == 0 and is_repeated(node) and len(node) == last + 1:
            return f"for {variable} in {attribute(stem)}:", f"{variable}(...)"
        header = f"for {self.loop} in range({first}, {last + 1}):"
        return header, f"{attribute(stem)}[{self.loop}](...)"

    def _leaves(self) -> dict[CallOp, tuple[str, LeafModule]]:
        """The calls that are modules of torch.nn, by their paths."""
        uses: dict[str, int] = {}
        for value, path in self.weights.items():
            uses[path] = uses.get(path, 0) + len(list(value.uses))
        found: dict[CallOp, tuple[str, LeafModule]] = {}
        for op in self.block.ops:
            leaf = leaf_module(op, self.weights, self.numbers) if isinstance(op, CallOp) else None
            if leaf is None or not all(v in self.weights for v in leaf.weights.values()):
                continue
            prefix = self.weights[leaf.weights["weight"]].removesuffix("weight").removesuffix(".")
            wanted = {f"{prefix}.{name}" for name in leaf.weights}
            own = {self.weights[value] for value in leaf.weights.values()}
            inside = {path for path in uses if path.startswith(f"{prefix}.")}
            if prefix and own == wanted == inside and all(uses[path] == 1 for path in own):
                assert isinstance(op, CallOp)
                found[op] = (prefix, leaf)
        return found

    def _is_read(self, number: SSAValue) -> bool:
        """Whether forward is given a setting: it has calls that are no modules and read it."""
        for op in (use.operation for use in number.uses):
            if isinstance(op, InvokeOp):
                given = self.known[op.callee.sym_name.data].given
                if any(op.numbers[index] is number for index in given):
                    return True
            elif op not in self.leaves:
                return True
        return False

    def _children(self) -> dict[str, list[Constructor]]:
        """The constructors of each submodule and parameter, in the order of their use: one for
        each module that the class stands for."""
        leaf_of = {v: item for item in self.leaves.values() for v in item[1].weights.values()}
        invoked = {
            self.weights[value]
            for op in self.block.ops
            if isinstance(op, InvokeOp)
            for value in op.weights
        }
        children: dict[str, list[Constructor]] = {}
        for op in self.block.ops:
            if isinstance(op, InvokeOp):
                children[op.module.data] = self._constructors(op)
                continue
            for value in op.operands:
                if value in leaf_of:
                    path, leaf = leaf_of[value]
                    children[path] = [leaf.constructor(instance) for instance in self.instances]
        for value, path in self.weights.items():
            if value not in leaf_of and path not in invoked:
                shapes = [instance.shapes.get(value, ()) for instance in self.instances]
                children[path] = [parameter(path, value, shape) for shape in shapes]
        return children

    def _constructors(self, op: InvokeOp) -> list[Constructor]:
        function = op.callee.sym_name.data
        found: list[Constructor] = []
        for first in self.made_numbers(op):
            arguments = invocation_arguments(self.known[function].parameters, first)
            found.append(Constructor(self.classes[function], arguments))
        return found

    def made_numbers(self, op: InvokeOp) -> list[int]:
        """The instances of its function that an invocation is."""
        return [self.made[number, op] for number in range(len(self.instances))]

    def print_class(self, docstring: str) -> None:
        """Print the class."""
        source = self.source
        base = "Group" if any(name.isdigit() for name in self.tree) else "nn.Module"
        source.add("", "", f"class {self.title}({base}):", f'    """{docstring}"""', "")
        if self.tree:
            given = "".join(f", {p.text}" for p in self.parameters.parameters)
            source.statement(f"def __init__(self{given}) -> None:", 4)
            source.add("        super().__init__()")
        sequences = {run.path for run in self.runs.values()}
        for name, node in self.tree.items():
            text = constructor(node, name, sequences)
            if name.isdigit():
                source.statement(f'self.add_module("{name}", {text})', 8)
            elif text.startswith("torch."):
                source.statement(f'self.register_buffer("{name}", {text})', 8)
            else:
                source.statement(f"self.{name} = {text}", 8)
        if self.tree:
            source.add("")
        buffers = [n for n, v in self.tree.items() if isinstance(v, str) and v[:6] == "torch."]
        if buffers:
            for name in buffers:
                source.add(f"    {name}: Tensor")
            source.add("")
        results = len(self.block.last_op.operands) if self.block.last_op is not None else 1
        type = "Tensor" if results == 1 else f"tuple[{', '.join(['Tensor'] * results)}]"
        parameters = "".join(f", {annotated(self.names[value], value)}" for value in self.inputs)
        source.statement(f"def forward(self{parameters}) -> {type}:", 4)
        self.print(8)


def parameter(path: str, value: SSAValue, shape: Sequence[int]) -> Constructor:
    """What makes a parameter, or a buffer if it is no floating tensor."""
    element = element_of(value.type)
    dtype = element_types.of_mlir(element).torch if element is not None else "float32"
    sizes = [Argument(f"size_{axis}", size) for axis, size in enumerate(shape)]
    arguments = sizes or [Argument("size", ())]
    if dtype != "float32":
        arguments.append(Argument("dtype", Code(f"torch.{dtype}"), ""))
    floating = dtype.startswith(("float", "bfloat", "complex")) and not dtype.startswith("float8")
    if floating and not path.endswith(STATISTICS):
        return Constructor("nn.Parameter(torch.empty", arguments, "))")
    return Constructor("torch.empty", arguments)


def title_of(function: FunctionOp) -> str:
    """What the class of a function is called."""
    known, symbol = function.attributes.get(CLASS), function.sym_name.data
    if isinstance(known, StringAttr) and class_name(known.data) == known.data:
        return known.data
    return class_name(symbol if symbol.title() not in RESERVED else f"{symbol}_block")


def print_style_module(graph: GraphOp, functions: Sequence[FunctionOp], title: str) -> Source:
    """model.py: a class for each function, the model, and how to load it."""
    classes: dict[str, str] = {}
    for function in functions:
        name = title_of(function)
        while name in (title, *classes.values()):
            name += "Block"
        classes[function.sym_name.data] = name
    body = Source()
    instances, parameters = Instances(graph, functions), dict[str, ClassParameters]()
    for function in functions:
        symbol = function.sym_name.data
        paths = instances.paths[symbol]
        more = f", and {len(paths) - 1} more like it" if len(paths) > 1 else ""
        text = f"{as_comment(paths[0])}{more}."
        printer = ModulePrinter(body, function, classes[symbol], classes, instances, parameters)
        printer.print_class(text)
    origin = as_comment(graph.store.path) or "a model in memory"
    printer = ModulePrinter(body, graph, title, classes, instances, parameters)
    printer.print_class(f"The whole of {origin}.")
    _print_load(body, title)
    body.add("", "", f"Model = {title}")
    source = Source()
    arguments = ", ".join(printer.names[value] for value in printer.inputs)
    _print_head(source, graph, title, arguments, body.text)
    source.extend(body)
    return source


def _print_load(source: Source, title: str) -> None:
    source.add(
        "",
        "    @classmethod",
        f"    def load(cls, file: str | Path = WEIGHTS) -> {title}:",
        '        """The model with its weights, in evaluation mode."""',
        "        model = cls()",
        "        model.load_state_dict(load_file(file))",
        "        return model.eval()",
    )


def _print_head(source: Source, graph: GraphOp, title: str, arguments: str, body: str) -> None:
    grouped = "Group(" in body or "(Group)" in body
    source.add(
        f'"""{title}, from {as_comment(graph.store.path) or "a model in memory"}.',
        "",
        f"    from {graph.sym_name.data} import Model",
        "",
        "    model = Model.load()",
        f"    outputs = model({arguments})",
        "",
        "Parameters have the model's own names; `model.train()` to go on training.",
        "Written by Ramiel; edit it freely.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from pathlib import Path",
    )
    if grouped:
        source.add("from typing import TYPE_CHECKING, Any")
    source.add("")
    if "torch." in body.replace("torch.nn", ""):
        source.add("import torch")
    if "F." in body:
        source.add("import torch.nn.functional as F")
    source.add("from safetensors.torch import load_file", "from torch import Tensor, nn")
    if "operators." in body:
        source.add("", "from . import _operators as operators")
    source.add("", 'WEIGHTS = Path(__file__).with_name("weights.safetensors")')
    if grouped:
        source.add("", *GROUP.rstrip().split("\n"))
