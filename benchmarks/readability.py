"""Generated code in numbers: Ramiel's three styles beside what torch.fx and torch.export print.

python benchmarks/readability.py [NAME …]

The models are those of tests/models, which says what has to be installed.
"""

from __future__ import annotations

import ast
import importlib
import io
import sys
import tempfile
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "models"))

from ramiel.backend.package import write_package
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import STYLES, Options, compile_model, load
from ramiel.locations import node_name
from ramiel.styles import compile_style, write_styled
from ramiel.transforms.module_paths import module_path

architectures: Any = importlib.import_module("architectures")
export: Any = importlib.import_module("export")
NAMES = ("googlenet", "bert_base")


@dataclass(frozen=True)
class Figures:
    """What is counted of a Python source."""

    lines: int
    """Without blank ones."""
    longest_function: int
    names: int
    """Distinct variables and parameters of functions."""
    meaningful: int
    """Those that contain the name of one of the model's modules or inputs."""
    shapes: int
    """Comments with a shape."""


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


def source_of_style(path: Path, style: str) -> str:
    """Ramiel's model.py."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / path.stem
        if style == STYLES[0]:
            write_package(compile_model(path, Options(), package=path.stem).program, directory)
        else:
            options = Options(preset="faithful", style=style)
            write_styled(compile_style(path, options, package=path.stem), directory)
        return (directory / "model.py").read_text()


def source_of_fx(example: Any) -> str | None:
    """What torch.fx prints of a symbolic trace; None if the network cannot be traced so."""
    try:
        traced: Any = torch.fx.symbolic_trace(example.network)
    except Exception:
        return None
    return traced.code


def source_of_export(example: Any) -> str:
    """What torch.fx prints of the graph that torch.export finds."""
    exported: Any = torch.export.export(example.network, example.inputs).module()
    return exported.code


def main() -> None:
    """Print a table."""
    warnings.filterwarnings("ignore")
    print(
        "| model | printed by | lines | longest function | names | that mean something | shapes |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or NAMES:
        path: Path = export.path_of(name)
        words = words_of(path)
        torch.manual_seed(0)
        example = architectures.ARCHITECTURES[name]()
        sources = {f"Ramiel, {style}": source_of_style(path, style) for style in STYLES}
        sources |= {"torch.fx": source_of_fx(example), "torch.export": source_of_export(example)}
        for printer, text in sources.items():
            if text is None:
                print(f"| {name} | {printer} | cannot trace it | | | | |")
                continue
            found = figures(text, words)
            share = f"{100 * found.meaningful // max(found.names, 1)} %"
            print(
                f"| {name} | {printer} | {found.lines} | {found.longest_function} | {found.names} "
                f"| {share} | {found.shapes} |"
            )


if __name__ == "__main__":
    main()
