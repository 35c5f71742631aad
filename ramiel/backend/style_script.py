"""Style `script`: one flat file of functions that loads the weights and runs."""

from __future__ import annotations

from collections.abc import Sequence

from ramiel import element_types
from ramiel.backend.block_printer import BlockPrinter, annotated, numbered
from ramiel.backend.constructors import Instances
from ramiel.backend.source import Source, as_comment
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.operators.rendering import format_literal, quote
from ramiel.tensors import dims_of, element_of


class ScriptPrinter(BlockPrinter):
    """Prints one function; `w` has all weights, and `module` says whose a function takes."""

    def __init__(
        self,
        source: Source,
        owner: GraphOp | FunctionOp,
        title: str,
        taken: Sequence[str],
        given: bool = False,
    ) -> None:
        """`given`: `w` is a parameter of each function."""
        self.title = title
        self.given = given
        self.inside = isinstance(owner, FunctionOp)
        super().__init__(source, owner, ["module", *taken])

    def weight(self, path: str) -> str:
        return f'w[f"{{module}}.{path}"]' if self.inside else f"w[{quote(path)}]"

    def invocation(self, op: InvokeOp, inputs: Sequence[str]) -> str:
        name = op.function.root_reference.data
        path = self._path(op.module.data) if self.inside else quote(op.module.data)
        names = op.callee.numbers.values()
        settings = [
            f"{name}={number}" for name, number in zip(names, self.number_texts(op), strict=True)
        ]
        if self.given:
            inputs = [*inputs, "w"]
        return f"{function_name(name)}({', '.join([path, *inputs, *settings])})"

    def loop_header(self, chain: Sequence[InvokeOp]) -> tuple[str, str]:
        (stem, first), (_, last) = (numbered(chain[i].module.data) for i in (0, -1))
        counts = f"{first}, {last + 1}" if first else f"{last + 1}"
        function = function_name(chain[0].function.root_reference.data)
        end = ", w" if self.given else ""
        call = f"{function}({self._path(stem, self.loop)}, ...{end})"
        return f"for {self.loop} in range({counts}):", call

    def _path(self, path: str, number: str = "") -> str:
        """The expression of a module's path: within the function's module, with a number at its
        end."""
        quoted = quote(path.replace("{", "{{").replace("}", "}}"))
        inner = "{module}." if self.inside else ""
        end = f".{{{number}}}" if number else ""
        return f"f{quoted[0]}{inner}{quoted[1:-1]}{end}{quoted[-1]}"

    def print_function(self, docstring: str) -> None:
        """Print the function."""
        results = len(self.block.last_op.operands) if self.block.last_op is not None else 1
        type = "Tensor" if results == 1 else f"tuple[{', '.join(['Tensor'] * results)}]"
        values = [value for value in self.inputs if value not in self.numbers]
        parameters = [annotated(self.names[value], value) for value in values]
        parameters += ["w: Weights"] if self.given else []
        parameters += [annotated(self.names[value], value) for value in self.numbers]
        parameters = ["module: str", *parameters] if self.inside else parameters
        self.source.add("", "")
        self.source.statement(f"def {self.title}({', '.join(parameters)}) -> {type}:", 0)
        self.source.add(f'    """{docstring}"""')
        self.print()


def function_name(symbol: str) -> str:
    """What a torch.function is called: no value of the script has such a name."""
    return f"run_{symbol}"


def print_style_script(graph: GraphOp, functions: Sequence[FunctionOp]) -> Source:
    """model.py: a function for each torch.function, one for the model, and a main that runs it."""
    body = Source()
    taken = ["load_file", "Path", "model"]
    paths = Instances(graph, functions).paths
    for function in functions:
        name = function.sym_name.data
        count = len(paths[name])
        what = f"What {count} modules of the model do" if count > 1 else "What one module does"
        printer = ScriptPrinter(body, function, function_name(name), taken)
        printer.print_function(f"{what}; `module` is the one's name.")
    origin = as_comment(graph.store.path) or "a model in memory"
    printer = ScriptPrinter(body, graph, "model", taken)
    printer.print_function(f"The whole of {origin}.")
    _print_main(body, graph, printer)
    source = Source()
    source.add(
        f'"""{as_comment(graph.sym_name.data)}, from {origin}: one file that runs by itself.',
        "",
        "Written by Ramiel; edit it freely.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from pathlib import Path",
        "",
        "import torch",
    )
    if "F." in body.text:
        source.add("import torch.nn.functional as F")
    source.add("from safetensors.torch import load_file", "from torch import Tensor")
    if "operators." in body.text:
        source.add("", "import _operators as operators")
    source.add("", 'w = load_file(Path(__file__).with_name("weights.safetensors"))')
    source.extend(body)
    return source


def _print_main(source: Source, graph: GraphOp, printer: ScriptPrinter) -> None:
    """Run the model on inputs of the right shapes, and show those of the outputs."""
    source.add("", "", 'if __name__ == "__main__":')
    names = [printer.names[value] for value in printer.inputs]
    for name, value in zip(names, printer.inputs, strict=True):
        shape = format_literal([d if isinstance(d, int) else 1 for d in dims_of(value.type) or []])
        element = element_of(value.type)
        dtype = element_types.of_mlir(element).torch if element is not None else "float32"
        text = f"torch.ones({shape}, dtype=torch.{dtype})"
        text = f"torch.randn({shape})" if dtype == "float32" else text
        source.statement(f"{name} = {text}")
    source.add("    with torch.no_grad():")
    source.statement(f"outputs = model({', '.join(names)})", 8)
    one = len(graph.function_type.outputs) == 1
    source.statement(f"for output in {'[outputs]' if one else 'outputs'}:")
    source.statement("print(output.shape, output)", 8)
