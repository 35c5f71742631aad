"""What compiling takes in seconds, and what loading and running add in memory.

python -m benchmarks.footprint [--models NAME...]

Each figure is of a process of its own, after its imports. Compiling is timed with the profile, for
which kernels are measured anew, and without; the machine is calibrated before. Memory is the
resident set at most, less what it was after the imports. Writes footprint.json and footprint.md to
benchmarks/results.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import CONTENDERS, most_resident, resident, restart_most_resident
from benchmarks.latency import MODELS, PAPER, RESULTS, ROOT
from benchmarks.results import about_this_machine
from ramiel.cores import available_cores

SECONDS = {"inception_v3": (15.0, 3.0), "nasnet_large": (60.0, 8.0)}
"""What compiling may take: with the profile, without."""
MEMORY_RATIO = 1.3
"""What Ramiel may add over what ONNX Runtime adds."""
CALLS = 8
"""Enough to go through all that first calls do."""
RUNTIMES = ("ONNX Runtime", "Ramiel")


def compile_seconds(model: str, cost_model: str, folder: str) -> list[float]:
    """From the file to a package."""
    import torch

    from ramiel.backend.package import write_package
    from ramiel.driver import compile_model
    from ramiel.options import Options

    importlib.import_module("ramiel.costs.profile")
    torch.relu(torch.empty(1, device="meta"))  # imports what PyTorch infers shapes with
    started = time.perf_counter()
    options = Options(workers=available_cores(), cost_model=cost_model)
    compilation = compile_model(model, options, package="model")
    write_package(compilation.program, Path(folder))
    return [time.perf_counter() - started]


def added_mebibytes(contender: str, model: str, inputs: str, package: str) -> list[float]:
    """The most that was resident while loading and running, less what was after the imports."""
    import torch

    from ramiel.loading import import_package

    importlib.import_module("onnxruntime")
    arrays = dict(np.load(inputs))
    if contender == "Ramiel":
        import_package(Path(package))
    restart_most_resident()
    before = resident()
    with torch.inference_mode():
        run = CONTENDERS[contender](Path(model), available_cores(), arrays, package)
        for _ in range(CALLS):
            run()
    return [(most_resident() - before) / (1 << 20)]


CHILDREN: Mapping[str, Callable[..., list[float]]] = {
    "compile": compile_seconds,
    "memory": added_mebibytes,
}


def in_a_process(task: str, *arguments: str, cache: str) -> float:
    """The figure that a process of its own finds."""
    environment = os.environ | {"RAMIEL_CACHE": cache}
    command = [sys.executable, "-m", "benchmarks.footprint", task, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(json.loads(done.stdout.splitlines()[-1])[0])


def measure(name: str, calibration: Path) -> dict[str, float]:
    """All figures of one model."""
    from ramiel.dialects.dataflow import GraphOp
    from ramiel.driver import load
    from ramiel.sampling import sample_inputs

    model = str(MODELS / f"{name}.onnx")
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        cache, inputs = Path(folder) / "cache", str(Path(folder) / "inputs.npz")
        package = str(Path(folder) / "package")
        cache.mkdir()
        (cache / calibration.name).write_bytes(calibration.read_bytes())
        graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
        np.savez(inputs, **sample_inputs(graph))  # pyright: ignore[reportArgumentType]
        figures = {
            cost_model: in_a_process("compile", model, cost_model, package, cache=str(cache))
            for cost_model in ("static", "profile")
        }
        for runtime in RUNTIMES:
            figures[runtime] = in_a_process(
                "memory", runtime, model, inputs, package, cache=str(cache)
            )
    return figures


def table(found: Mapping[str, Mapping[str, float]], about: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "# Compile time and memory",
        "",
        f"`make benchmark-footprint` on {about['machine']}, {about['threads']} threads, load "
        f"{about['load']} at the start. Seconds from the ONNX file to the package, and MiB that "
        "loading and running add at most, both after imports.",
        "",
        "| model | with profile, s | limit | without, s | limit | ONNX Runtime, MiB | Ramiel, MiB "
        f"| ratio (limit {MEMORY_RATIO}) |",
        "| --- |" + " --- |" * 7,
    ]
    for name, figures in found.items():
        limits = [f"{limit:.0f}" for limit in SECONDS.get(name, ())] or ["", ""]
        peer, own = (figures[runtime] for runtime in RUNTIMES)
        lines.append(
            f"| {name} | {figures['profile']:.1f} | {limits[0]} | {figures['static']:.1f} | "
            f"{limits[1]} | {peer:.0f} | {own:.0f} | {own / peer:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main(names: Sequence[str]) -> None:
    """Measure the models, write the results after each."""
    from ramiel.costs.cache import machine_file
    from ramiel.costs.calibration import this_machine

    calibration = machine_file("calibration", this_machine().torch)
    about = about_this_machine(available_cores())
    found: dict[str, dict[str, float]] = {}
    for name in names:
        found[name] = measure(name, calibration)
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
        text = json.dumps({"about": about, "models": found}, indent=1)
        (RESULTS / "footprint.json").write_text(text + "\n", encoding="utf-8")
        (RESULTS / "footprint.md").write_text(table(found, about), encoding="utf-8")
    print((RESULTS / "footprint.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CHILDREN:
        print(json.dumps(CHILDREN[sys.argv[1]](*sys.argv[2:])))
    else:
        parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
        parser.add_argument("--models", nargs="*", default=PAPER, metavar="NAME")
        main(parser.parse_args().models)
