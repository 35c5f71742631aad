"""The curve of scheduling_scale.py: seconds over tasks, both on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

LIMIT_SECONDS = 60


def plot(seconds: Mapping[str, Mapping[int, float]], file: Path) -> None:
    """A line for each algorithm, from its seconds by number of tasks."""
    library: Any = pyplot
    library.rcParams["svg.hashsalt"] = "ramiel"  # the same bytes for the same figures
    figure, axes = library.subplots(figsize=(6, 4))
    for name, by_size in seconds.items():
        axes.plot(list(by_size), list(by_size.values()), marker="o", label=name)
    sizes = sorted({size for by_size in seconds.values() for size in by_size})
    slowest = max(by_size[sizes[0]] for by_size in seconds.values())
    proportional = [slowest * size / sizes[0] for size in sizes]
    axes.plot(sizes, proportional, linestyle="--", color="grey", label="proportional")
    axes.axhline(LIMIT_SECONDS, color="black", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="tasks", ylabel="seconds of one core")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    library.close(figure)
