"""How well a schedule's duration is predicted: compiled with profile costs, run with threads.

python benchmarks/prediction.py [--force] [MODEL...]

Every contender, the parallel program and the serial one on one core, is a process of its own, and
rounds alternate, as in `ramiel bench`.  Models are exported first (tests/models/export.py).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.backend.package import write_package
from ramiel.benchmarking import measure
from ramiel.cores import available_cores
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Options, compile_model, load
from ramiel.sampling import sample_inputs
from ramiel.weights import contiguous

HERE = Path(__file__).parent
EXPORT = HERE.parent / "tests" / "models" / "export.py"
MODELS = HERE.parent / "build" / "models"
PAPER = (
    *("squeezenet", "googlenet", "inception_v3", "inception_v4", "yolov5s", "retinanet"),
    *("bert_base", "nasnet_large"),
)
"""The models of Das and Rauchwerger (arXiv 2308.11192)."""
CORES = 2
MOST_LOAD = 0.3
"""Load average per core above which the machine is called busy."""


@dataclass(frozen=True)
class Row:
    """One model; times in ms."""

    model: str
    clusters: int
    predicted: float
    measured: float
    predicted_serial: float
    measured_serial: float

    @property
    def error(self) -> float:
        """Of the prediction, in per cent of what was measured."""
        return 100 * (self.predicted / self.measured - 1)


def predict_and_measure(model: Path, rounds: int, seconds: float) -> Row:
    """Compile by force to a parallel program, and time it."""
    options = Options(workers=CORES, force_parallel=True, cost_model="profile")
    graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
    inputs = sample_inputs(graph)
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        package, file = Path(folder) / "timed", Path(folder) / "inputs.safetensors"
        compilation = compile_model(model, options, package="timed")
        write_package(compilation.program, package)
        save_file({name: contiguous(array) for name, array in inputs.items()}, file)
        timings = {t.name: t.median for t in measure(package, file, CORES, rounds, seconds)}
    report = compilation.report
    return Row(
        model=model.stem,
        clusters=report.merged_clusters,
        predicted=report.makespan_ns / 1e6,
        measured=timings["parallel"] * 1e3,
        predicted_serial=report.total_cost_ns / 1e6,
        measured_serial=timings["serial, 1 core"] * 1e3,
    )


def main() -> None:
    """Print the table and its median."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(PAPER)}")
    parser.add_argument("--folder", type=Path, default=MODELS, help="where the .onnx files are")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (default: 1)")
    parser.add_argument("--force", action="store_true", help="also on a busy machine")
    arguments = parser.parse_args()
    load_average = os.getloadavg()[0]
    if load_average > MOST_LOAD * available_cores() and not arguments.force:
        sys.exit(f"the machine is busy (load {load_average:.1f}): --force measures all the same")
    names = arguments.models or PAPER
    if missing := [name for name in names if not (arguments.folder / f"{name}.onnx").exists()]:
        subprocess.run([sys.executable, str(EXPORT), *missing], check=True)
    table = Table(
        *("model", "clusters", "predicted", "measured", "error", "serial predicted", "measured"),
        title=f"ms on {CORES} cores, profile costs, threads",
    )
    errors: list[float] = []
    for name in names:
        row = predict_and_measure(
            arguments.folder / f"{name}.onnx", arguments.rounds, arguments.seconds
        )
        errors.append(abs(row.error))
        times = (row.predicted, row.measured, row.predicted_serial, row.measured_serial)
        predicted, measured, *serial = (f"{time:.2f}" for time in times)
        table.add_row(
            row.model, str(row.clusters), predicted, measured, f"{row.error:+.1f} %", *serial
        )
        print(f"{name}: predicted {predicted}, measured {measured} ms", file=sys.stderr)
    Console(width=None if Console().is_terminal else 100).print(table)
    print(f"median error, without its sign: {statistics.median(errors):.1f} %")


if __name__ == "__main__":
    main()
