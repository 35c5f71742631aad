"""Latency at batch 1 beside PyTorch, torch.compile, ONNX Runtime and OpenVINO on the same cores.

python -m benchmarks [--models NAME...] [--cores N] [--force]

Each contender is a process of its own, rounds alternate, medians count; a contender whose outputs
are not right is not timed.  Writes latency.json, latency.md and latency.svg to benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import CONTENDERS
from benchmarks.results import ModelResult, Result, about_this_machine, write, wrong
from ramiel.backend.package import write_package
from ramiel.cores import available_cores
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import compile_model, load
from ramiel.options import Options
from ramiel.sampling import sample_inputs

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "build" / "models"
RESULTS = ROOT / "benchmarks" / "results"
PAPER = (
    *("squeezenet", "googlenet", "inception_v3", "inception_v4", "nasnet_mobile"),
    *("nasnet_large", "yolov5s", "retinanet", "bert_base"),
)
"""The models of Das and Rauchwerger (arXiv 2308.11192)."""
SERIAL = "PyTorch, 1 core"
MOST_LOAD = 0.3
"""Load average per core above which the machine is called busy."""


class Contender:
    """A contender in its process."""

    def __init__(self, name: str, threads: int, files: Sequence[str]) -> None:
        self.name, self.outputs = name, Path(files[2])
        model, inputs, outputs, package = files
        command = [sys.executable, "-m", "benchmarks.contenders", name.split(",")[0]]
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [*command, model, str(threads), inputs, outputs, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.seconds: list[float] = []
        self.memory = 0

    def ready(self) -> float:
        """Wait until it has loaded; the seconds that took.  Raises RuntimeError if it failed."""
        return self._read()[0]

    def _read(self) -> list[float]:
        assert self.process.stdout is not None and self.process.stderr is not None
        for line in self.process.stdout:
            if line.startswith("["):
                return json.loads(line)
        raise RuntimeError(self.process.stderr.read().strip().splitlines()[-1])

    def run(self, calls: int) -> list[float]:
        """The seconds of each of some calls."""
        assert self.process.stdin is not None
        print(calls, file=self.process.stdin, flush=True)
        *times, memory = self._read()
        self.memory = int(memory)
        return times

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def worst_difference(actual: Path, expected: Path) -> float:
    """Over all outputs: the largest difference over the largest value."""
    found, wanted = np.load(actual), np.load(expected)
    return max(
        float(np.abs(found[name] - wanted[name]).max() / max(np.abs(wanted[name]).max(), 1e-30))
        for name in wanted.files
    )


def benchmark(name: str, cores: int, rounds: int, seconds: float) -> ModelResult:
    """Time all contenders on one model."""
    model = MODELS / f"{name}.onnx"
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        inputs, package = Path(folder) / "inputs.npz", Path(folder) / name
        graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
        np.savez(inputs, **sample_inputs(graph))  # pyright: ignore[reportArgumentType]
        compilation = compile_model(model, Options(workers=cores), package=name)
        write_package(compilation.program, package)
        contenders: list[Contender] = []
        failed: dict[str, str] = {}
        try:
            for label in (SERIAL, *CONTENDERS):
                threads = 1 if label == SERIAL else cores
                outputs = Path(folder) / f"{label}.npz"
                files = (str(model), str(inputs), str(outputs), str(package))
                contender = Contender(label, threads, files)
                try:
                    contender.ready()
                    contenders.append(contender)
                except RuntimeError as error:
                    failed[label] = str(error)
                    contender.close()
            results = _time(contenders, rounds, seconds, Path(folder) / "ONNX Runtime.npz")
        finally:
            for contender in contenders:
                contender.close()
    report = compilation.report
    return ModelResult(
        name, results, failed, compilation.verdict, report.makespan_ns / 1e6, report.bound_ns / 1e6
    )


def _time(
    contenders: Sequence[Contender], rounds: int, seconds: float, expected: Path
) -> list[Result]:
    calls: dict[str, int] = {}
    for contender in contenders:
        contender.run(2)
        calls[contender.name] = max(3, min(100, int(seconds / min(contender.run(2)))))
    for _ in range(rounds):
        for contender in contenders:
            contender.seconds += contender.run(calls[contender.name])
    return [
        Result(
            contender.name,
            contender.seconds,
            worst_difference(contender.outputs, expected),
            contender.memory,
        )
        for contender in contenders
    ]


def main() -> int:
    """Run the models, write the results; 1 if a contender was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="*", default=PAPER, metavar="NAME")
    parser.add_argument("--cores", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (default: 1)")
    parser.add_argument("--force", action="store_true", help="also on a busy machine")
    options = parser.parse_args()
    load_average = os.getloadavg()[0]
    if load_average > MOST_LOAD * available_cores() and not options.force:
        sys.exit(f"the machine is busy (load {load_average:.1f}): --force measures all the same")
    names: Sequence[str] = options.models
    if missing := [name for name in names if not (MODELS / f"{name}.onnx").exists()]:
        export = [sys.executable, str(ROOT / "tests" / "models" / "export.py")]
        subprocess.run([*export, *missing], check=True)
    results: list[ModelResult] = []
    about: dict[str, Any] = about_this_machine(options.cores)
    for name in names:
        result = benchmark(name, options.cores, options.rounds, options.seconds)
        results.append(result)
        print(f"{name}: {result.line()}", file=sys.stderr, flush=True)
        write(results, about, RESULTS)
    print((RESULTS / "latency.md").read_text(encoding="utf-8"))
    return int(bool(wrong(results)))
