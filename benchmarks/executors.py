"""Each executor beside the schedule's simulated makespan, and serial beside a plain function.

python -m benchmarks.executors [--force] [MODEL...]

Each model is compiled with profile costs for 2 cores, three times: into two lanes of one core, for
the messages of threads and for those of processes; and as `ramiel compile` does by itself, with a
wide cluster.  That one runs on a team of threads (ramiel/runtime/team.py) and without it.  Kernels
are profiled anew for it, since virtual machines have slow minutes and fast ones.  Every contender
is a process of its own, rounds alternate, those in which others use the machine are repeated,
medians count; outputs must be those of the plain function, which keeps its memory as a loaded model
does.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)

from benchmarks.alone import Watch
from benchmarks.plain import plain_function
from ramiel.backend.package import write_package
from ramiel.cores import available_cores
from ramiel.costs.cache import FOLDER_VARIABLE, cache_folder
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Compilation, compile_model, load
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.runtime.memory import keep_freed_memory
from ramiel.sampling import sample_inputs
from ramiel.tensors import to_torch

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "build" / "models"
NAMES = ("googlenet", "inception_v3", "nasnet_mobile")
CORES = 2
PACKAGES = {
    "lanes": Options(workers=CORES, force_parallel=True, cost_model="profile"),
    "process_lanes": Options(
        workers=CORES, force_parallel=True, cost_model="profile", executor="processes"
    ),
    "compiled": Options(workers=CORES, cost_model="profile"),
}
PLAIN, NO_TEAM = "plain function", "a thread each"


@dataclass(frozen=True)
class Contender:
    """One way to run a package."""

    name: str
    package: str
    executor: str
    cores: int = CORES


CONTENDERS = (
    Contender(PLAIN, "lanes", PLAIN, 1),
    Contender("serial", "lanes", "serial", 1),
    Contender("threads", "lanes", "threads"),
    Contender("processes", "process_lanes", "processes"),
    Contender("compiled", "compiled", "threads"),
    Contender(NO_TEAM, "compiled", NO_TEAM),
)
MOST_LOAD = 0.3
"""Load average per core above which the machine is called busy."""
TOLERANCE = 1e-4
"""How far an output may be from the plain function's, relative to its largest value."""


def serve(executor: str, package: Path, inputs: Path, output: Path) -> None:
    """Be a contender's process: write the outputs, then time as many calls as each line says."""
    torch.set_num_threads(1)
    tensors = load_file(inputs)
    with torch.inference_mode():
        run, names = _prepared(executor, package)
        found = run(**tensors)
        outputs = found if executor == PLAIN else dict(zip(names, _tuple(found), strict=True))
        save_file({name: y.clone().contiguous() for name, y in outputs.items()}, output)
        for _ in range(3):
            run(**tensors)
        print("[]", flush=True)
        for line in sys.stdin:
            times: list[float] = []
            for _ in range(int(line)):
                started = time.perf_counter()
                run(**tensors)
                times.append(time.perf_counter() - started)
            print(json.dumps(times), flush=True)


def _prepared(executor: str, package: Path) -> tuple[Callable[..., Any], list[str]]:
    """What is called, and the names of its outputs; none: it returns them by name."""
    model: Any = import_package(package).Model
    if executor == PLAIN:
        keep_freed_memory()
        return plain_function(model), []
    if executor == NO_TEAM:
        runtime: Any = importlib.import_module(f"{model.__module__.rpartition('.')[0]}._runtime")
        runtime.threads.team_size = no_team
        executor = "threads"
    return model.load(executor), list(model.outputs)


def no_team(program: object) -> None:
    """In the place of team_size: every cluster gets a thread of its own."""


def _tuple(outputs: Any) -> tuple[torch.Tensor, ...]:
    return (outputs,) if isinstance(outputs, torch.Tensor) else outputs


class Process:
    """A contender, as the benchmark sees it."""

    def __init__(self, contender: Contender, folder: Path, inputs: Path) -> None:
        self.contender = contender
        self.output = folder / f"{contender.name}.output"
        command = [sys.executable, "-m", "benchmarks.executors", "--serve", contender.executor]
        package = folder / contender.package
        self.process = subprocess.Popen(
            [*command, str(package), str(inputs), str(self.output)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self.medians: list[float] = []
        self.read()

    def read(self) -> list[float]:
        """The next answer.  Raises RuntimeError if the process died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.contender.name} failed")
        return json.loads(line)

    def round(self, calls: int) -> float:
        """The median seconds of some calls."""
        assert self.process.stdin is not None
        print(calls, file=self.process.stdin, flush=True)
        return statistics.median(self.read())

    def close(self) -> None:
        """End the process: the end of its input ends the model's workers too."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def measure(folder: Path, inputs: Path, rounds: int, seconds: float) -> dict[str, list[float]]:
    """The median seconds of each round of each contender, whose packages are in the folder.

    Raises RuntimeError if one computes something else than the plain function.
    """
    processes: list[Process] = []
    try:
        for contender in CONTENDERS:
            processes.append(Process(contender, folder, inputs))
            _check(processes[-1], processes[0])
        calls = [max(3, int(seconds / process.round(3))) for process in processes]
        sessions = {process.process.pid for process in processes}
        for _ in range(rounds):
            for process, count in zip(processes, calls, strict=True):
                process.medians.append(round_alone(process, count, sessions))
    finally:
        for process in processes:
            process.close()
    return {process.contender.name: process.medians for process in processes}


def round_alone(process: Process, calls: int, sessions: Collection[int]) -> float:
    """A round during which nobody else used the machine.

    Raises RuntimeError if there is none for half a minute.
    """
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        watch = Watch(sessions, CORES - process.contender.cores)
        median = process.round(calls)
        if watch.alone():
            return median
    raise RuntimeError("others use the machine")


def _check(process: Process, reference: Process) -> None:
    found, wanted = load_file(process.output), load_file(reference.output)
    for name, y in wanted.items():
        difference = (found[name] - y).abs().max() / y.abs().max()
        if not difference <= TOLERANCE:
            raise RuntimeError(
                f"{process.contender.name}: {name} differs by {float(difference):.2g}"
            )


def benchmark(model: Path, rounds: int, seconds: float) -> str:
    """A line of the table."""
    graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
    simulated: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="ramiel-") as name, profiled_anew():
        folder = Path(name)
        for package, options in PACKAGES.items():
            compilation = compile_model(model, options, package=package)
            write_package(compilation.program, folder / package)
            simulated[package] = expected_ns(compilation) / 1e6
        inputs = folder / "inputs.safetensors"
        arrays = sample_inputs(graph).items()
        save_file({name: to_torch(array).contiguous() for name, array in arrays}, inputs)
        times = measure(folder, inputs, rounds, seconds)
    return row(model.stem, simulated, times)


@contextlib.contextmanager
def profiled_anew() -> Generator[None]:
    """Let nothing that was profiled before count; what `ramiel calibrate` found does."""
    with tempfile.TemporaryDirectory(prefix="ramiel-cache-") as folder:
        for file in cache_folder().glob("calibration-*.json"):
            shutil.copy(file, folder)
        with mock.patch.dict(os.environ, {FOLDER_VARIABLE: folder}):
            yield


def expected_ns(compilation: Compilation) -> int:
    """The ns of what was written: the best serial program where parallelism gains nothing."""
    report = compilation.report
    parallel = len(compilation.program.clusters) == report.merged_clusters
    return report.makespan_ns if parallel else report.best_serial_ns


def row(model: str, simulated: Mapping[str, float], times: Mapping[str, Sequence[float]]) -> str:
    """Medians in ms; of serial how much more than the plain function, else than simulated."""
    medians = {name: 1e3 * statistics.median(seconds) for name, seconds in times.items()}
    pairs = zip(times["serial"], times[PLAIN], strict=True)
    over = 100 * (statistics.median(a / b for a, b in pairs) - 1)
    cells = [model, f"{medians[PLAIN]:.2f}", f"{medians['serial']:.2f} ({over:+.1f} %)"]
    shown = ""
    for contender in CONTENDERS[2:]:
        expected, median = simulated[contender.package], medians[contender.name]
        cells += [f"{expected:.2f}"] if contender.package != shown else []
        cells += [f"{median:.2f} ({100 * (median / expected - 1):+.0f} %)"]
        shown = contender.package
    return f"| {' | '.join(cells)} |"


HEADS = (
    *("ms", PLAIN, "serial", "two lanes, simulated", "threads"),
    *("for processes, simulated", "processes"),
    *("as compiled, simulated", "threads", NO_TEAM),
)


def main() -> None:
    """Print the table in Markdown."""
    if sys.argv[1:2] == ["--serve"]:
        executor, *paths = sys.argv[2:]
        serve(executor, *map(Path, paths))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"default: {', '.join(NAMES)}")
    parser.add_argument("--folder", type=Path, default=MODELS, help="where the .onnx files are")
    parser.add_argument("--rounds", type=int, default=10, help="alternating rounds (default: 10)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a round (default: 0.5)")
    parser.add_argument("--force", action="store_true", help="also on a busy machine")
    arguments = parser.parse_args()
    load_average = os.getloadavg()[0]
    if load_average > MOST_LOAD * available_cores() and not arguments.force:
        sys.exit(f"the machine is busy (load {load_average:.1f}): --force measures all the same")
    names = arguments.models or NAMES
    if missing := [name for name in names if not (arguments.folder / f"{name}.onnx").exists()]:
        export = ROOT / "tests" / "models" / "export.py"
        subprocess.run([sys.executable, str(export), *missing], check=True)
    print(f"| {' | '.join(HEADS)} |")
    print("| --- " + "| --: " * (len(HEADS) - 1) + "|")
    for name in names:
        model = arguments.folder / f"{name}.onnx"
        print(benchmark(model, arguments.rounds, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
