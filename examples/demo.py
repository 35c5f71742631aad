"""`make demo`: compile a model with real branches, look at the code, verify it, time it."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

from ramiel.tools.cli import main

sys.path.insert(0, str(Path(__file__).parent))
import fusion_network

FOLDER = Path("build/demo")
SHOWN_LINES = 32


def command(console: Console, *arguments: str) -> None:
    """Run a ramiel command, as a person would type it."""
    console.print(f"\n[bold]$ ramiel {' '.join(arguments)}[/bold]")
    try:
        main(arguments)
    except SystemExit as ended:
        if ended.code:
            raise


def show(console: Console, file: Path) -> None:
    """Print the beginning of the second cluster: the messages are to be seen there."""
    lines = file.read_text().splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("async def")]
    start = starts[min(1, len(starts) - 1)]
    text = "\n".join(lines[start : start + SHOWN_LINES])
    console.print(f"\n[bold]{file}[/bold], from line {start + 1} of {len(lines)}:")
    console.print(Syntax(text, "python", background_color="default"))


def run() -> None:
    """The demo."""
    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    model = FOLDER / "fusion_network.onnx"
    fusion_network.write(model)
    package = FOLDER / "fusion_network"
    command(console, "info", str(model))
    command(console, "compile", str(model), "-o", str(package))
    show(console, package / "model.py")
    command(console, "verify", str(model))
    command(console, "bench", str(model))


if __name__ == "__main__":
    run()
