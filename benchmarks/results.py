"""What a benchmark found: figures, and how they are written down."""

from __future__ import annotations

import json
import math
import os
import platform
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ramiel.costs.cache import machine_name

PEERS = ("PyTorch", "torch.compile", "ONNX Runtime", "OpenVINO")
SERIAL = "PyTorch, 1 core"
RAMIEL = "Ramiel"
PACKAGES = ("torch", "onnxruntime", "openvino", "onnx", "numpy")
RESAMPLES = 2000
TOLERANCE = 1e-4
"""Largest difference over the largest value of an output, from ONNX Runtime's."""


@dataclass(frozen=True)
class Result:
    """One contender: seconds of each call, its worst relative difference, its bytes at most."""

    name: str
    seconds: Sequence[float]
    difference: float
    memory: int

    @property
    def milliseconds(self) -> float:
        """The median."""
        return statistics.median(self.seconds) * 1e3


@dataclass(frozen=True)
class ModelResult:
    """All contenders on one model; times in ms."""

    model: str
    results: Sequence[Result]
    failed: Mapping[str, str]
    verdict: str
    predicted: float
    bound: float

    def of(self, name: str) -> Result | None:
        """The result of a contender."""
        return next((result for result in self.results if result.name == name), None)

    @property
    def best_peer(self) -> Result:
        """The fastest of the others."""
        return min((r for r in self.results if r.name in PEERS), key=lambda r: r.milliseconds)

    def ratio(self, other: Result) -> tuple[float, float, float]:
        """How many times as fast Ramiel is as another: the ratio of medians, its 95 % interval."""
        ramiel = self.of(RAMIEL)
        assert ramiel is not None
        return ratio_of_medians(other.seconds, ramiel.seconds)

    def line(self) -> str:
        """One line of figures."""
        texts = [f"{result.name} {result.milliseconds:.1f}" for result in self.results]
        return ", ".join(texts) + f" ms; {self.verdict}"


def ratio_of_medians(
    numerator: Sequence[float], denominator: Sequence[float]
) -> tuple[float, float, float]:
    """The ratio and its 95 % interval by the bootstrap (Efron, 1979), from a fixed seed."""
    generator = random.Random(0)
    ratios = sorted(
        statistics.median(generator.choices(numerator, k=len(numerator)))
        / statistics.median(generator.choices(denominator, k=len(denominator)))
        for _ in range(RESAMPLES)
    )
    low, high = ratios[int(0.025 * RESAMPLES)], ratios[int(0.975 * RESAMPLES)]
    return statistics.median(numerator) / statistics.median(denominator), low, high


def about_this_machine(cores: int) -> dict[str, Any]:
    """What a reader needs to know to compare."""
    versions: dict[str, str] = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "machine": machine_name(),
        "python": platform.python_version(),
        "versions": versions,
        "threads": cores,
        "load": round(os.getloadavg()[0], 2),
    }


def write(results: Sequence[ModelResult], about: Mapping[str, Any], folder: Path) -> None:
    """Write latency.json, latency.md and, where matplotlib is installed, latency.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {**about, "models": [asdict(result) for result in results]}
    (folder / "latency.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / "latency.md").write_text(markdown(results, about), encoding="utf-8")
    try:
        from benchmarks.plot import plot
    except ImportError:
        return
    plot(results, folder / "latency.svg")


def wrong(results: Sequence[ModelResult]) -> list[str]:
    """The models and contenders whose outputs are further than TOLERANCE from ONNX Runtime's."""
    return [
        f"{result.model} in {found.name} ({found.difference:.1e})"
        for result in results
        for found in result.results
        if not found.difference <= TOLERANCE
    ]


def _accuracy(results: Sequence[ModelResult]) -> str:
    within = f"within {TOLERANCE:.0e} of ONNX Runtime's"
    if names := wrong(results):
        return f"NOT {within}: {', '.join(names)}"
    return f"every output {within}"


def markdown(results: Sequence[ModelResult], about: Mapping[str, Any]) -> str:
    """The table, and what it was measured on."""
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    names = (SERIAL, *PEERS, RAMIEL)
    lines = [
        "# Latency at batch 1",
        "",
        f"`make benchmark` on {about['machine']}, {about['threads']} threads for all but the first "
        f"column, load {about['load']} at the start; Python {about['python']}, {versions}. "
        f"Medians in ms, float32; {_accuracy(results)}.",
        "",
        f"| model | {' | '.join(names)} | predicted | bound | of 1 core | of the best peer |",
        "| --- |" + " --- |" * (len(names) + 4),
    ]
    for result in results:
        cells = [
            f"{found.milliseconds:.1f}" if (found := result.of(name)) is not None else "failed"
            for name in names
        ]
        serial = result.of(SERIAL)
        against_serial = f"{result.ratio(serial)[0]:.2f}x" if serial is not None else ""
        ratio, low, high = result.ratio(result.best_peer)
        against_peer = f"{ratio:.2f}x ({low:.2f} to {high:.2f}, {result.best_peer.name})"
        cells += [f"{result.predicted:.1f}", f"{result.bound:.1f}", against_serial, against_peer]
        lines.append(f"| {result.model} | {' | '.join(cells)} |")
    gains = [result.ratio(serial)[0] for result in results if (serial := result.of(SERIAL))]
    if gains:
        mean = math.exp(statistics.fmean(map(math.log, gains)))
        lines += ["", f"Geometric mean against one core of PyTorch: {mean:.2f}x."]
    for result in results:
        for name, reason in result.failed.items():
            lines += ["", f"{name} failed on {result.model}: {reason[:200]}"]
    return "\n".join(lines) + "\n"
