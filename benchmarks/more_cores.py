"""What the simulator predicts of machines with more cores than this one: no measurement.

python benchmarks/more_cores.py [MODEL...]

`ramiel info` schedules the models of the paper for 2, 4, 8 and 16 cores like this machine's, with
profile costs.  An operator is as wide as this machine is at most, since wider ones cannot be
measured here: what operators on all of many cores would gain is not in it.  Writes
benchmarks/results/more_cores.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prediction import MODELS, PAPER

from ramiel.cores import available_cores
from ramiel.costs.cache import machine_name

CORES = (2, 4, 8, 16)
RESULTS = Path(__file__).parent / "results" / "more_cores.md"


def predicted(model: Path) -> list[dict[str, Any]]:
    """What `ramiel info` says for each number of cores."""
    workers = ",".join(map(str, CORES))
    command = [sys.executable, "-m", "ramiel.tools.cli", "info", str(model), "--json"]
    command += ["--cost-model", "profile", "--workers", workers]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout)


def row(name: str, reports: Sequence[dict[str, Any]]) -> str:
    """A row of the table; what is predicted beside the serial program on one core."""
    total, path = reports[0]["total_cost_ns"], reports[0]["critical_path_ns"]
    times = [report["makespan_ns"] for report in reports]
    cells = [f"{time / 1e6:.1f} ({total / time:.2f}x)" for time in times]
    return f"| {name} | {total / 1e6:.1f} | {' | '.join(cells)} | {path / 1e6:.1f} |"


def main() -> None:
    """Write the table."""
    heads = ["model", "serial, 1 core", *(f"{cores} cores" for cores in CORES), "critical path"]
    lines = [
        "# Predicted for more cores",
        "",
        f"`python benchmarks/more_cores.py`, from kernels measured on {machine_name()}, executor "
        "threads: ms that the simulator predicts, and how many times as fast as one core that is. "
        f"Not measured. No operator is wider than {available_cores()} cores.",
        "",
        f"| {' | '.join(heads)} |",
        f"| {' | '.join(['---', *['--:'] * (len(heads) - 1)])} |",
    ]
    for name in sys.argv[1:] or PAPER:
        lines.append(row(name, predicted(MODELS / f"{name}.onnx")))
        print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
