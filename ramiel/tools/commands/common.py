"""What several commands share: options of the compiler, and progress on a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ramiel.driver import OPTIONAL, Progress
from ramiel.errors import RamielError
from ramiel.options import HYPER, PRESETS, STYLES, Options
from ramiel.precision import FLOAT32, PRECISIONS


def add_model(command: argparse.ArgumentParser) -> None:
    """The model's file."""
    command.add_argument("model", type=Path, metavar="MODEL.onnx", help="the ONNX model")


def worker_counts(text: str) -> list[int]:
    """The numbers of `2,4,8`.  Raises ArgumentTypeError for what is none."""
    counts = [int(part) for part in text.split(",") if part.strip().isdigit()]
    if not counts or 0 in counts or len(counts) != text.count(",") + 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers from 1 on, as 2,4,8")
    return counts


def add_compiler_options(
    command: argparse.ArgumentParser, dims: bool = True, several: bool = False
) -> None:
    """What `options_of` reads; `several` takes a list of numbers of workers."""
    command.add_argument(
        "--workers",
        type=worker_counts if several else int,
        metavar="N,N,…" if several else "N",
        help="clusters at most (default: the cores that this process may use)",
    )
    command.add_argument(
        "--preset",
        choices=PRESETS,
        help="faithful changes no parameter, so that the model can be trained "
        "(default: fast; with --style module or script faithful)",
    )
    command.add_argument(
        "--portable",
        action="store_true",
        help="leave out kernels that only some machines have",
    )
    command.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FLOAT32,
        help="bf16: convolutions and matrix products compute in bfloat16, which costs accuracy: "
        "see what `ramiel verify --precision bf16` prints (default: float32)",
    )
    command.add_argument(
        "--torch-compile",
        action="store_true",
        help="run each cluster through torch.compile between its messages; it needs a C++ compiler "
        "where the model runs, and takes seconds to minutes at the first call",
    )
    command.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="PASS",
        help=f"leave out a pass: {', '.join(OPTIONAL)}",
    )
    command.add_argument(
        "--force-parallel",
        action="store_true",
        help="keep the parallel program where no gain is predicted",
    )
    command.add_argument(
        "--no-duplicate",
        dest="duplicate",
        action="store_false",
        help="never run an operation in several clusters to save a message",
    )
    command.add_argument(
        "--batch",
        type=int,
        default=1,
        metavar="B",
        help="compute B samples in a call, which fill each other's waits (default: 1)",
    )
    command.add_argument(
        "--hyper",
        choices=HYPER,
        default=HYPER[0],
        help="with --batch: switched gives a sample's clusters to other workers than the last "
        "one's (default: plain)",
    )
    command.add_argument(
        "--cost-model",
        metavar="NAME",
        help="static, roofline, profile or another (default: $RAMIEL_COST_MODEL, else profile)",
    )
    command.add_argument(
        "--costs", type=Path, metavar="FILE", help="take the costs from the costs.json of a package"
    )
    if not dims:
        return
    command.add_argument(
        "--dim",
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="fix a symbolic dimension, as in --dim batch=1",
    )


def add_style(command: argparse.ArgumentParser) -> None:
    """What is written."""
    command.add_argument(
        "--style",
        choices=STYLES,
        default=STYLES[0],
        help="clusters: functions that run side by side; module: one nn.Module to read, train and "
        "export; script: one file of functions (default: clusters)",
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """The compiler's options on the command line."""
    style = getattr(arguments, "style", STYLES[0])
    if arguments.batch != 1 and style != STYLES[0]:
        raise RamielError(f"--batch goes with --style {STYLES[0]}")
    if arguments.torch_compile and style != STYLES[0]:
        raise RamielError(f"--torch-compile goes with --style {STYLES[0]}")
    return Options(
        workers=arguments.workers if isinstance(arguments.workers, int) else None,
        preset=arguments.preset or ("fast" if style == STYLES[0] else "faithful"),
        portable=arguments.portable,
        precision=arguments.precision,
        torch_compile=arguments.torch_compile,
        without=tuple(arguments.without),
        force_parallel=arguments.force_parallel,
        duplicate=arguments.duplicate,
        dims=tuple(getattr(arguments, "dim", ())),
        name=getattr(arguments, "name", None),
        batch=arguments.batch,
        hyper=arguments.hyper,
        cost_model=arguments.cost_model,
        costs=str(arguments.costs) if arguments.costs is not None else None,
        style=style,
    )


@contextmanager
def progress(what: str) -> Generator[Progress]:
    """Show which step runs, on a terminal only."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: None
        return
    with console.status(what) as status:
        yield lambda step: status.update(f"{what}: {step}")


def dims_of_options(options: Options) -> dict[str, int]:
    """Symbolic dimensions by name.  Raises RamielError for what is no NAME=SIZE."""
    dims: dict[str, int] = {}
    for text in options.dims:
        name, equals, size = text.partition("=")
        if not equals or not size.isdigit():
            raise RamielError(f"--dim wants NAME=SIZE, not {text!r}")
        dims[name] = int(size)
    return dims
