"""`ramiel operators`: which ONNX operators compile, in which versions, and through what."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from ramiel.operators.coverage import Coverage, as_markdown, coverage

HELP = "list the ONNX operators, and which of them compile"
EXAMPLE = "ramiel operators Conv Loop"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    command.add_argument("operator", nargs="*", help="only these operators")
    command.add_argument("--domain", metavar="NAME", help="only those of a domain, as ai.onnx")
    command.add_argument(
        "--markdown", action="store_true", help="print the table of docs/operators.md"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 1 if an operator asked for does not exist."""
    domain = "" if arguments.domain == "ai.onnx" else arguments.domain
    rows = coverage(None if domain is None else [domain])
    if arguments.operator:
        rows = [row for row in rows if row.operator in arguments.operator]
    if arguments.markdown:
        print(as_markdown(rows), end="")
    else:
        _print(rows)
    return 0 if rows else 1


def _print(rows: list[Coverage]) -> None:
    table = Table("domain", "operator", "versions", "compile", "through")
    for row in rows:
        supported = ", ".join(map(str, row.supported)) or "no"
        table.add_row(
            row.domain or "ai.onnx",
            row.operator,
            ", ".join(map(str, row.versions)),
            "all" if list(row.supported) == list(row.versions) else supported,
            row.through,
        )
    Console(width=None if Console().is_terminal else 100).print(table)
