"""Generated code in numbers: Ramiel's three styles, pnnx, torch.fx, torch.export, the original.

python -m benchmarks.readability [NAME …]

Prints the two tables of docs/readability.md.  The models are those of tests/models, which says what
has to be installed; `make readability` installs pnnx as well.
"""

from __future__ import annotations

import ast
import importlib
import io
import subprocess
import sys
import tempfile
import tokenize
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "models"))

from benchmarks.readability_sources import Printed, printers
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import load
from ramiel.locations import node_name
from ramiel.transforms.module_paths import module_path

architectures: Any = importlib.import_module("architectures")
export: Any = importlib.import_module("export")
NAMES = ("googlenet", "inception_v3", "bert_base", "nasnet_mobile")
COUNTED = ("lines", "longest function", "longest line", "names", "that mean something", "shapes")
DONE = ("stands alone", "ruff and pyright pass", "same numbers", "runs with 2 samples")
TOLERANCE = 1e-4
"""Of the largest value."""


@dataclass(frozen=True)
class Figures:
    """What is counted of a Python source."""

    lines: int
    """Without blank ones."""
    longest_function: int
    longest_line: int
    names: int
    """Distinct variables and parameters of functions."""
    meaningful: int
    """Those that contain the name of one of the model's modules or inputs."""
    shapes: int
    """Comments with a shape."""

    @property
    def texts(self) -> list[str]:
        """The cells of a row."""
        share = f"{100 * self.meaningful // max(self.names, 1)} %"
        counts = (self.lines, self.longest_function, self.longest_line, self.names)
        return [*map(str, counts), share, str(self.shapes)]


def figures(text: str, words: set[str]) -> Figures:
    """Count."""
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    names = {
        node.id
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } | {a.arg for function in functions for a in function.args.args if a.arg != "self"}
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    return Figures(
        sum(bool(line.strip()) for line in text.splitlines()),
        max((f.end_lineno or 0) - f.lineno + 1 for f in functions),
        max(map(len, text.splitlines())),
        len(names),
        sum(any(word in name.lower() for word in words) for name in names),
        sum(comment.startswith("# [") for comment in comments),
    )


def words_of(path: Path) -> set[str]:
    """The names of a model's modules and inputs, in lower case; single letters say nothing."""
    graph = next(op for op in load(path).ops if isinstance(op, GraphOp))
    found = {part for op in graph.block.ops for part in module_path(node_name(op)).split(".")}
    found |= set(graph.argument_names())
    return {word.lower() for word in found if len(word) > 1 and not word.isdigit()}


def doings(printed: Printed, example: Any) -> list[str]:
    """Whether it runs, gives the network's numbers, and takes another batch."""
    return [
        "no" if printed.folder is None else "yes",
        "" if printed.folder is None else checked(printed.folder),
        outcome(printed, example, example.inputs),
        outcome(printed, example, [torch.cat([x, x]) for x in example.inputs]),
    ]


def checked(folder: Path) -> str:
    """ "yes", or what has something to say of the files of a folder; the runtime is always one."""
    ruff, files = [sys.executable, "-m", "ruff"], [str(file) for file in folder.glob("*.py")]
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    commands = {
        "format": [*ruff, "format", "--check", "--isolated", *files],
        "check": [*ruff, "check", "--isolated", *files],
        "pyright": [sys.executable, "-m", "pyright", "-p", str(folder)],
    }
    commands["pyright"] += ["--pythonpath", sys.executable]
    failed = [
        name
        for name, command in commands.items()
        if subprocess.run(command, capture_output=True, check=False).returncode
    ]
    return f"no: {', '.join(failed)}" if failed else "yes"


def outcome(printed: Printed, example: Any, inputs: Sequence[Tensor]) -> str:
    """ "yes", or what went wrong."""
    assert printed.run is not None
    with torch.no_grad():
        wanted = flat(example.network(*inputs))
        try:
            found = flat(printed.run(inputs))
        except Exception as error:
            return f"no: {type(error).__name__}"
    for a, b in zip(found, wanted, strict=True):
        if a.shape != b.shape or not (a - b).abs().max() <= TOLERANCE * b.abs().max():
            return "no: other numbers"
    return "yes"


def flat(outputs: Any) -> list[Tensor]:
    """The tensors of a result."""
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def compare(name: str, counted: list[str], done: list[str]) -> None:
    """Add the rows of a model to both tables."""
    path: Path = export.path_of(name)
    words = words_of(path)
    torch.manual_seed(0)
    example = architectures.ARCHITECTURES[name]()
    with tempfile.TemporaryDirectory() as folder:
        for printer, make in printers(example, path, Path(folder)).items():
            printed = make()
            if not printed.text:
                counted.append(row(name, printer, printed.failure, *[""] * (len(COUNTED) - 1)))
                continue
            counted.append(row(name, printer, *figures(printed.text, words).texts))
            if printer != "the original":
                done.append(row(name, printer, *doings(printed, example)))
            print(counted[-1], file=sys.stderr)


def main() -> None:
    """Print both tables."""
    warnings.filterwarnings("ignore")
    counted, done = (
        [row("model", "printed by", *titles), row(*["---"] * (2 + len(titles)))]
        for titles in (COUNTED, DONE)
    )
    for name in sys.argv[1:] or NAMES:
        compare(name, counted, done)
    print("\n".join([*counted, "", *done]))


if __name__ == "__main__":
    main()
