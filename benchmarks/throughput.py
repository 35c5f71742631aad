"""Samples a second for batches of several sizes: one at a time, hyperclusters, streams, PyTorch.

python -m benchmarks.throughput [--force] [MODEL...]

Every contender is a process of its own, and rounds alternate; those in which others use the machine
are repeated.  Models are exported first (tests/models/export.py).  Writes
benchmarks/results/throughput.json, in which models that are not measured now keep their numbers,
and the tables of docs/throughput.md from it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)

from benchmarks.alone import Watch
from ramiel.backend.package import write_package
from ramiel.cores import available_cores
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import compile_model, load
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.sampling import sample_inputs
from ramiel.tensors import to_torch

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "build" / "models"
TABLE = ROOT / "docs" / "throughput.md"
RESULTS = ROOT / "benchmarks" / "results" / "throughput.json"
START = "<!-- tables: make benchmark-throughput -->"
"""In the Markdown file; what stands before it stays as it is."""
NAMES = ("squeezenet", "googlenet", "inception_v3", "nasnet_mobile", "bert_base")
BATCHES = (1, 2, 4, 8, 16)
CORES = 2
DEPTH = 4
MOST_LOAD = 0.3
"""Load average per core above which the machine is called busy."""
TOLERANCE = 1e-3
"""How far an output may be from that of the serial program, relative to its largest value."""

Run: TypeAlias = "Callable[[], torch.Tensor]"
Samples: TypeAlias = "Sequence[Mapping[str, torch.Tensor]]"
Rates: TypeAlias = "Mapping[str, Mapping[str, float | None]]"
"""Batch, contender: samples a second."""


@dataclass(frozen=True)
class Contender:
    """One way to compute a batch."""

    name: str
    kind: str
    threads: int
    package: str = "one"
    """The folder of the compiled package: for one sample, or for a whole batch."""

    @property
    def cores(self) -> int:
        """How many it uses."""
        return 1 if self.kind == "serial" and self.threads == 1 else CORES


CONTENDERS = (
    Contender("serial, 1 core", "serial", 1),
    Contender(f"serial, {CORES} cores", "serial", CORES),
    Contender("parallel, one at a time", "threads", 1),
    Contender("stream", "stream", 1),
    Contender("plain", "batch", 1, "plain"),
    Contender("switched", "batch", 1, "switched"),
    Contender(f"PyTorch batch, {CORES} cores", "pytorch", CORES),
)


def prepare(kind: str, model: Path, package: Path) -> Callable[[Samples], Run]:
    """What makes, of the samples of a batch, a function that computes it: its first output."""
    if kind == "pytorch":
        network = _network(model)
        names = [declared.name for declared in import_package(package).Model.inputs]
        return lambda samples: partial(_of_batch, network, _in_order(names, samples), {})
    executor = "serial" if kind == "serial" else "threads"
    loaded: Any = import_package(package).Model.load(executor)
    if kind == "batch":
        return lambda samples: partial(_of_batch, loaded, (), _joined(samples))
    return lambda samples: partial(_stream if kind == "stream" else _one_by_one, loaded, samples)


def _of_batch(
    function: Any, inputs: Sequence[torch.Tensor], named: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    return _first(function(*inputs, **named))


def _stream(model: Any, samples: Samples) -> torch.Tensor:
    return torch.cat([_first(y) for y in model.stream(samples, depth=DEPTH)])


def _one_by_one(model: Any, samples: Samples) -> torch.Tensor:
    return torch.cat([_first(model(**sample)) for sample in samples])


def _in_order(names: Sequence[str], samples: Samples) -> list[torch.Tensor]:
    joined = _joined(samples)
    return [joined[name] for name in names]


def _joined(samples: Samples) -> dict[str, torch.Tensor]:
    return {name: torch.cat([sample[name] for sample in samples]) for name in samples[0]}


def _network(model: Path) -> Any:
    """The network that the model was exported from."""
    sys.path.insert(0, str(ROOT / "tests" / "models"))
    torch.manual_seed(0)
    architectures: Any = importlib.import_module("architectures")
    return architectures.ARCHITECTURES[model.stem]().network.eval()


def _first(outputs: Any) -> torch.Tensor:
    return outputs if isinstance(outputs, torch.Tensor) else outputs[0]


def serve(kind: str, threads: int, model: Path, package: Path, folder: Path) -> None:
    """Be a contender's process.

    A line "4" writes the output of a batch of 4; "4 20" times 20 such batches.
    """
    torch.set_num_threads(threads)
    with torch.inference_mode():
        prepared = prepare(kind, model, package)
        for line in sys.stdin:
            batch, *counts = map(int, line.split())
            names = [f"{sample}.safetensors" for sample in range(batch)]
            run = prepared([load_file(folder / name) for name in names])
            if not counts:
                output = folder / f"{package.name}-{kind}-{threads}-{batch}.output"
                save_file({"y": run().clone().contiguous()}, output)
                print(json.dumps(str(output)), flush=True)
                continue
            run()
            times: list[float] = []
            for _ in range(counts[0]):
                started = time.perf_counter()
                run()
                times.append(time.perf_counter() - started)
            print(json.dumps(times), flush=True)


class Process:
    """A contender, as the benchmark sees it."""

    def __init__(self, contender: Contender, model: Path, package: Path) -> None:
        self.contender = contender
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.throughput", "--serve", contender.kind),
                *(str(contender.threads), str(model), str(package), str(package.parent)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )

    def output(self, batch: int) -> torch.Tensor:
        """What it computes of the first samples."""
        return load_file(self._ask(f"{batch}"))["y"]

    def round(self, batch: int, calls: int) -> list[float]:
        """Seconds of each of some batches."""
        return self._ask(f"{batch} {calls}")

    def _ask(self, line: str) -> Any:
        """Raises RuntimeError if the process died."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.contender.name} failed")
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def measure(
    model: Path, batches: Sequence[int], folder: Path, rounds: int, seconds: float
) -> Rates:
    """Samples a second of each contender at each batch; None for hyperclusters of one sample.

    Raises RuntimeError if a contender fails or computes something else than the serial program.
    """
    found: dict[str, dict[str, float | None]] = {}
    with ExitStack() as stack:

        def start(contender: Contender, package: str) -> Process:
            process = Process(contender, model, folder / package)
            stack.callback(process.close)
            return process

        started = {c.name: start(c, "one") for c in CONTENDERS if c.package == "one"}
        for batch in batches:
            hyper = [c for c in CONTENDERS if batch > 1 and c.package != "one"]
            processes = started | {c.name: start(c, f"{c.package}_{batch}") for c in hyper}
            medians = _medians(list(processes.values()), batch, rounds, seconds)
            found[str(batch)] = {
                c.name: batch / medians[c.name] if c.name in medians else None for c in CONTENDERS
            }
            for contender in hyper:
                processes[contender.name].close()
            print(f"{model.stem}, batch {batch}: {found[str(batch)]}", file=sys.stderr, flush=True)
    return found


def _medians(
    processes: Sequence[Process], batch: int, rounds: int, seconds: float
) -> dict[str, float]:
    """The median seconds of a batch, by contender."""
    taken: dict[str, list[float]] = {process.contender.name: [] for process in processes}
    reference = processes[0].output(batch)
    for process in processes:
        _check(process.contender, process.output(batch), reference)
    calls = [max(1, min(200, int(seconds / min(p.round(batch, 2))))) for p in processes]
    sessions = {process.process.pid for process in processes}
    for _ in range(rounds):
        for process, count in zip(processes, calls, strict=True):
            taken[process.contender.name] += round_alone(process, batch, count, sessions)
    return {name: statistics.median(times) for name, times in taken.items()}


def round_alone(process: Process, batch: int, calls: int, sessions: Collection[int]) -> list[float]:
    """A round during which nobody else used the machine.

    Raises RuntimeError if there is none for a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        watch = Watch(sessions, CORES - process.contender.cores)
        seconds = process.round(batch, calls)
        if watch.alone():
            return seconds
    raise RuntimeError("others use the machine")


def _check(contender: Contender, output: torch.Tensor, reference: torch.Tensor) -> None:
    difference = (output - reference).abs().max() / reference.abs().max()
    if not difference <= TOLERANCE:
        raise RuntimeError(f"{contender.name} differs from serial by {float(difference):.2g}")


def compile_all(model: Path, batches: Sequence[int], folder: Path) -> None:
    """Compile the packages of a model that are not in the folder yet, and write its samples."""
    folder.mkdir(parents=True, exist_ok=True)
    _compile(model, folder / "one", Options(workers=CORES, force_parallel=True))
    for batch in batches:
        for hyper in ("plain", "switched") if batch > 1 else ():
            options = Options(workers=CORES, batch=batch, hyper=hyper)
            _compile(model, folder / f"{hyper}_{batch}", options)
    graph = next(op for op in load(model).ops if isinstance(op, GraphOp))
    for sample in range(max(batches)):
        inputs = sample_inputs(graph, sample)
        tensors = {key: to_torch(array).contiguous() for key, array in inputs.items()}
        save_file(tensors, folder / f"{sample}.safetensors")


def _compile(model: Path, package: Path, options: Options) -> None:
    if not package.exists():
        write_package(compile_model(model, options, package=package.name).program, package)


def benchmark(model: Path, packages: Path, arguments: argparse.Namespace) -> Rates:
    """Compile everything for a model, and measure each batch."""
    folder, batches = packages / model.stem, arguments.batches
    compile_all(model, batches, folder)
    if arguments.compile_only:
        return {}
    return measure(model, batches, folder, arguments.rounds, arguments.seconds)


def merge(found: Mapping[str, Rates]) -> Mapping[str, Rates]:
    """Keep what was measured; what the file says of other models and batches stays."""
    old: dict[str, Rates] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    names = dict.fromkeys((*NAMES, *old, *found))
    both = {name: {**old.get(name, {}), **found.get(name, {})} for name in names}
    merged = {
        name: dict(sorted(rates.items(), key=_number)) for name, rates in both.items() if rates
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    return merged


def _number(item: tuple[str, object]) -> int:
    return int(item[0])


def tables(results: Mapping[str, Rates]) -> str:
    """What follows the text of docs/throughput.md."""
    lines = [
        START,
        "",
        f"Samples a second on {CORES} cores ({platform.machine()}, PyTorch {torch.__version__}), "
        "medians.",
    ]
    for model, batches in results.items():
        lines += ["", f"## {model}", ""]
        lines.append("| batch | " + " | ".join(c.name for c in CONTENDERS) + " |")
        lines.append("|--:" * (1 + len(CONTENDERS)) + "|")
        for batch, found in batches.items():
            rates = [found[c.name] for c in CONTENDERS]
            cells = ["–" if rate is None else f"{rate:.1f}" for rate in rates]
            lines.append(f"| {batch} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the table."""
    if sys.argv[1:2] == ["--serve"]:
        kind, threads, *paths = sys.argv[2:]
        serve(kind, int(threads), *map(Path, paths))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--folder", type=Path, default=MODELS, help="where the .onnx files are")
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES), metavar="B")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (default: 1)")
    parser.add_argument("--packages", type=Path, help="where compiled packages are, and stay")
    parser.add_argument("--compile-only", action="store_true", help="measure nothing yet")
    parser.add_argument("--force", action="store_true", help="also on a busy machine")
    arguments = parser.parse_args()
    load_average = os.getloadavg()[0]
    if load_average > MOST_LOAD * available_cores() and not arguments.force:
        sys.exit(f"the machine is busy (load {load_average:.1f}): --force measures all the same")
    names: Sequence[str] = arguments.models or NAMES
    folder: Path = arguments.folder.absolute()
    if missing := [name for name in names if not (folder / f"{name}.onnx").exists()]:
        export = ROOT / "tests" / "models" / "export.py"
        subprocess.run([sys.executable, str(export), *missing], check=True)
    with tempfile.TemporaryDirectory(prefix="ramiel-") as temporary:
        packages = (arguments.packages or Path(temporary)).absolute()
        for name in names:
            found = {name: benchmark(folder / f"{name}.onnx", packages, arguments)}
            if not arguments.compile_only:
                text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
                before = text.partition(START)[0]
                TABLE.write_text(before + tables(merge(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
