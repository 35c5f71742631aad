"""How well the duration of a schedule is predicted: profile costs, the executor threads.

python benchmarks/prediction.py [--force] [--tries N] [MODEL...]

Each model is compiled twice: by force into two lanes of one core, and as `ramiel compile` does it.
What is predicted of them, and of the serial program on one core and on all, stands beside what
each takes in a process of its own, in alternating rounds.  Kernels are measured anew, in a cache
folder of their own.  A model beside which other processes were busy is measured again, and left
out if they do not rest.  Models that were measured before keep their rows in
benchmarks/results/prediction.json, so that it can be run in parts; the table is written beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.backend.package import write_package
from ramiel.benchmarking import Contender, Process
from ramiel.costs.cache import FOLDER_VARIABLE, machine_name
from ramiel.costs.calibration import this_machine
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Compilation, compile_model, load
from ramiel.options import Options
from ramiel.sampling import sample_inputs
from ramiel.weights import contiguous

HERE = Path(__file__).parent
EXPORT = HERE.parent / "tests" / "models" / "export.py"
MODELS = HERE.parent / "build" / "models"
RESULTS = HERE / "results" / "prediction.json"
PAPER = (
    *("squeezenet", "googlenet", "inception_v3", "inception_v4", "yolov5s", "retinanet"),
    *("bert_base", "nasnet_mobile", "nasnet_large"),
)
"""The models of Das and Rauchwerger (arXiv 2308.11192)."""
CORES = 2
LANES, COMPILED = "two lanes", "as compiled"
SERIAL, WIDE = "serial, 1 core", f"serial, {CORES} cores"
RUNS = (LANES, COMPILED, SERIAL, WIDE)
MOST_BY_OTHERS = 0.03
"""Share of the machine that other processes may use while a model is measured."""


@dataclass(frozen=True)
class Run:
    """One program; times in ms."""

    name: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """Of the prediction, in per cent of what was measured."""
        return 100 * (self.predicted / self.measured - 1)


@dataclass(frozen=True)
class Row:
    """One model: what the compiler decided, the seconds it took, and its runs."""

    model: str
    decision: str
    compile_seconds: float
    runs: Sequence[Run]

    def of(self, name: str) -> Run:
        """The run of a name."""
        return next(run for run in self.runs if run.name == name)


class Others:
    """What other processes use of the machine while a with statement runs."""

    def __enter__(self) -> Others:
        self.started = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        busy, own, elapsed = (
            now - then for now, then in zip(self._now(), self.started, strict=True)
        )
        self.share = max(0.0, busy - own) / (elapsed * (os.cpu_count() or 1))

    def _now(self) -> tuple[float, float, float]:
        """Seconds of all processors, of this process and those that it waited for, of the clock."""
        first = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0]
        user, nice, system, _, _, interrupts, soft, stolen, *_ = map(int, first.split()[1:])
        ticks = user + nice + system + interrupts + soft + stolen
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        return ticks / os.sysconf("SC_CLK_TCK"), own, time.perf_counter()


def measure_alone(model: Path, rounds: int, seconds: float, tries: int, force: bool) -> Row | None:
    """The row of a model; None if other processes were busy each time, unless by force."""
    row = None
    for _ in range(tries):
        with Others() as others, tempfile.TemporaryDirectory(prefix="ramiel-") as cache:
            os.environ[FOLDER_VARIABLE] = cache
            this_machine()
            row = predict_and_measure(model, rounds, seconds)
        if others.share <= MOST_BY_OTHERS:
            return row
        print(f"{model.stem}: {others.share:.0%} of the machine went to others", file=sys.stderr)
    return row if force else None


def predict_and_measure(model: Path, rounds: int, seconds: float) -> Row:
    """Compile a model both ways, predict, and time all runs."""
    graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
    inputs = sample_inputs(graph)
    with tempfile.TemporaryDirectory(prefix="ramiel-") as name:
        folder = Path(name)
        file = folder / "inputs.safetensors"
        save_file({name: contiguous(array) for name, array in inputs.items()}, file)
        started = time.perf_counter()
        compiled = _compile(model, folder / "compiled", force=False)
        compile_seconds = time.perf_counter() - started
        lanes = _compile(model, folder / "lanes", force=True)
        contenders = {
            LANES: (Contender(LANES, "threads", 1), folder / "lanes"),
            COMPILED: (Contender(COMPILED, "threads", 1), folder / "compiled"),
            SERIAL: (Contender(SERIAL, "serial", 1), folder / "lanes"),
            WIDE: (Contender(WIDE, "serial", CORES), folder / "lanes"),
        }
        measured = measure(contenders, file, rounds, seconds)
    predicted = {
        LANES: lanes.report.makespan_ns,
        COMPILED: _expected(compiled),
        SERIAL: _serial(lanes, 1),
        WIDE: _serial(lanes, CORES),
    }
    runs = [Run(name, predicted[name] / 1e6, measured[name] * 1e3) for name in RUNS]
    return Row(model.stem, compiled.verdict.partition(":")[0], compile_seconds, runs)


def _compile(model: Path, package: Path, force: bool) -> Compilation:
    options = Options(workers=CORES, force_parallel=force, cost_model="profile")
    compilation = compile_model(model, options, package=package.name)
    write_package(compilation.program, package)
    return compilation


def _expected(compilation: Compilation) -> int:
    """The ns of what was written: the best serial program where parallelism gains nothing."""
    report = compilation.report
    parallel = len(compilation.program.clusters) == report.merged_clusters
    return report.makespan_ns if parallel else report.best_serial_ns


def _serial(compilation: Compilation, width: int) -> int:
    """The ns of all operations, one after the other, on that many cores."""
    costs = json.loads(compilation.costs)
    each = [entry["cost"] for entry in costs["operations"]]
    return costs["machine"]["serial_call_ns"] + sum(ns[min(width, len(ns)) - 1] for ns in each)


def measure(
    contenders: Mapping[str, tuple[Contender, Path]], inputs: Path, rounds: int, seconds: float
) -> dict[str, float]:
    """The median seconds of each, from alternating rounds of about `seconds`."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    with ExitStack() as stack:
        processes: dict[str, Process] = {}
        for name, (contender, package) in contenders.items():
            processes[name] = Process(contender, package, inputs)
            stack.callback(processes[name].close)
        calls = {
            name: max(3, min(200, int(seconds / min(process.round(3)))))
            for name, process in processes.items()
        }
        for _ in range(rounds):
            for name, process in processes.items():
                taken[name] += process.round(calls[name])
    return {name: statistics.median(times) for name, times in taken.items()}


def markdown(rows: Sequence[Row], about: str) -> str:
    """The table, and the median error of each kind of run."""
    lines = [
        "# Predicted and measured",
        "",
        f"`make benchmark-prediction` on {about}. Profile costs, the executor threads; ms, "
        "predicted / measured, and the error of the prediction.",
        "",
        "| model | " + " | ".join(RUNS) + " | compiled as | s to compile |",
        "| --- |" + " --- |" * (len(RUNS) + 2),
    ]
    for row in rows:
        cells = [
            f"{run.predicted:.1f} / {run.measured:.1f} ({run.error:+.0f} %)"
            for run in map(row.of, RUNS)
        ]
        cells += [row.decision, f"{row.compile_seconds:.0f}"]
        lines.append(f"| {row.model} | {' | '.join(cells)} |")
    medians = [
        f"{statistics.median(abs(row.of(name).error) for row in rows):.1f} % ({name})"
        for name in RUNS
    ]
    lines += ["", f"Median error, without its sign: {', '.join(medians)}."]
    return "\n".join(lines) + "\n"


def read_rows(file: Path) -> dict[str, Row]:
    """The rows of earlier runs, by model."""
    if not file.exists():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = content["rows"]
    return {
        row["model"]: Row(
            row["model"], row["decision"], row["compile_seconds"], [Run(**r) for r in row["runs"]]
        )
        for row in rows
    }


def write_rows(rows: Mapping[str, Row], file: Path) -> None:
    """Write the rows, and the table beside them."""
    about = f"{machine_name()}, {CORES} of them used"
    file.parent.mkdir(parents=True, exist_ok=True)
    ordered = [rows[name] for name in dict.fromkeys((*PAPER, *sorted(rows))) if name in rows]
    content = {"machine": about, "rows": [asdict(row) for row in ordered]}
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(markdown(ordered, about), encoding="utf-8")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(PAPER)}")
    parser.add_argument("--folder", type=Path, default=MODELS, help="where the .onnx files are")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (default: 1)")
    parser.add_argument(
        "--tries", type=int, default=3, help="of a model, beside others (default: 3)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of all rows")
    parser.add_argument("--force", action="store_true", help="keep what was measured beside others")
    arguments = parser.parse_args()
    names = arguments.models or PAPER
    if missing := [name for name in names if not (arguments.folder / f"{name}.onnx").exists()]:
        subprocess.run([sys.executable, str(EXPORT), *missing], check=True)
    rows = read_rows(arguments.results)
    limits = (arguments.rounds, arguments.seconds, arguments.tries, arguments.force)
    for name in names:
        row = measure_alone(arguments.folder / f"{name}.onnx", *limits)
        if row is None:
            continue
        rows[row.model] = row
        print(name, row.decision, *row.runs, sep="\n  ", file=sys.stderr)
        write_rows(rows, arguments.results)
    print(arguments.results.with_suffix(".md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
