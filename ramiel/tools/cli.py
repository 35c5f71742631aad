"""`ramiel`: compile, verify, run, bench, info, schedule, calibrate, operators, explain."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from ramiel.errors import RamielError

COMMANDS = (
    *("compile", "verify", "run", "bench", "info", "schedule", "calibrate", "operators"),
    "explain",
)
"""Each is a module of ramiel.tools.commands with `HELP`, `EXAMPLE`, `add_arguments`, `run`."""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(
        prog="ramiel", description="ONNX models to readable, parallel PyTorch."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"ramiel.tools.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a message and exit code 1 for what cannot be done."""
    options = parser().parse_args(arguments)
    try:
        sys.exit(options.run(options))
    except RamielError as error:
        sys.exit(f"ramiel: {error}")
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("ramiel: interrupted")


if __name__ == "__main__":
    main()
