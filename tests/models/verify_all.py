"""`make test-models`: compiles every model, and compares it with ONNX Runtime, serial and parallel.

python tests/models/verify_all.py [NAME...]
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import light
import onnx
from architectures import ARCHITECTURES
from export import path_of
from rich.console import Console
from rich.table import Table

from ramiel.options import Options
from ramiel.verification import LEAST_VARIATION, Difference, Verification, verify_model

NAMES = (*ARCHITECTURES, *(f"light_{name}" for name in light.NAMES))
FAITHFUL_BYTES = 60_000_000
"""Models up to this size are verified with the preset `faithful` as well as with `fast`."""
COLUMNS = ("model", "preset", "clusters", "lines", "compiled in")
OUTPUT_COLUMNS = ("output", "largest difference", "relative", "varies by", "")
Result = TypeVar("Result")


def in_own_process(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in a process of its own, so that all its memory is given back."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def export(name: str) -> None:
    """Export an architecture, if its file is not there."""
    warnings.filterwarnings("ignore")
    path_of(name)


def fill(name: str, path: Path) -> None:
    """Write a light model with weights."""
    onnx.save(light.filled(name), path)


def verify(path: Path, preset: str) -> Verification:
    """Compile the model in a file for two workers, and compare."""
    return verify_model(path, Options(workers=2, preset=preset), lambda step: None)


def verify_named(name: str, folder: Path) -> dict[str, Verification | Exception]:
    """Make a model, and verify it with each preset; an exception where that failed."""
    try:
        if name in ARCHITECTURES:
            in_own_process(export, name)
            path = path_of(name)
        else:
            path = folder / f"{name}.onnx"
            in_own_process(fill, name.removeprefix("light_"), path)
    except Exception as error:
        return {"": error}
    presets = ("fast", "faithful") if path.stat().st_size <= FAITHFUL_BYTES else ("fast",)
    results: dict[str, Verification | Exception] = {}
    for preset in presets:
        try:
            results[preset] = in_own_process(verify, path, preset)
        except Exception as error:
            results[preset] = error
    return results


def worst_of_executors(differences: Iterable[Difference]) -> list[Difference]:
    """For each output the executor that differs most."""
    worst: dict[str, Difference] = {}
    for item in differences:
        if item.output not in worst or not item.absolute <= worst[item.output].absolute:
            worst[item.output] = item
    return list(worst.values())


def verdict(item: Difference) -> str:
    """What is wrong with an output, "ok" if nothing is."""
    if not item.ok:
        return f"WRONG ({item.executor})"
    return "ok" if item.variation >= LEAST_VARIATION else "TOO CONSTANT to prove anything"


def add_rows(table: Table, name: str, preset: str, result: Verification | Exception) -> bool:
    """One row for each output; whether all are right."""
    if isinstance(result, Exception):
        table.add_row(name, preset, *[""] * 7, f"FAILED: {result}")
        return False
    about = (name, preset, str(result.clusters), str(result.lines))
    about = (*about, f"{result.compile_seconds:.1f} s")
    for item in worst_of_executors(result.differences):
        figures = (item.absolute, item.relative, item.variation)
        table.add_row(*about, item.output, *(f"{x:.2g}" for x in figures), verdict(item))
        about = ("",) * len(COLUMNS)
    return all(verdict(item) == "ok" for item in result.differences)


def main(names: Sequence[str]) -> int:
    """Verify the models of these names, or all; the number of failures."""
    if unknown := [name for name in names if name not in NAMES]:
        sys.exit(f"no model {unknown[0]!r}; there are: {', '.join(NAMES)}")
    table = Table(*COLUMNS, *OUTPUT_COLUMNS)
    failures = 0
    for name in names or NAMES:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="ramiel-models-") as folder:
            results = verify_named(name, Path(folder))
        good = [add_rows(table, name, *result) for result in results.items()]
        failures += good.count(False)
        word = "ok" if all(good) else "FAILED"
        print(f"{name}: {word} ({time.perf_counter() - started:.0f} s)", file=sys.stderr)
    Console(width=None if Console().is_terminal else 160).print(table)
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
