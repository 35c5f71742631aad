"""IR as text: with locations, and without the unknown ones."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer

from ramiel.dialects.program import WeightsAttr
from ramiel.weight_files import programs
from ramiel.weights import WeightStore

UNKNOWN_LOCATION = re.compile(r" loc\(unknown\)(?=[,)]|$)", re.MULTILINE)


def without_unknown_locations(text: str) -> str:
    """Drop `loc(unknown)` behind operations and block arguments: it says nothing."""
    return UNKNOWN_LOCATION.sub("", text)


def text_of(module: ModuleOp, weights: str | None = None) -> str:
    """The module as text; `weights` is the file that its programs shall name, if not their own."""
    output = StringIO()
    with _naming(module, weights):
        Printer(stream=output, print_debuginfo=True).print_op(module)
    return without_unknown_locations(output.getvalue()) + "\n"


@contextmanager
def _naming(module: ModuleOp, weights: str | None) -> Generator[None]:
    """Let the programs name another weights file for a while."""
    kept = [(program, program.weights) for program in programs(module)]
    if weights is not None:
        for program, _ in kept:
            program.weights = WeightsAttr(WeightStore(weights, Path()))
    try:
        yield
    finally:
        for program, own in kept:
            program.weights = own
