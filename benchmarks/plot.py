"""The latencies as bars, relative to the best peer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

from benchmarks.results import PEERS, RAMIEL, ModelResult


def plot(results: Sequence[ModelResult], file: Path) -> None:
    """A group of bars for each model: time over that of the best peer, less is better."""
    library: Any = pyplot
    figure, axes = library.subplots(figsize=(1.2 * len(results) + 2, 3.5))
    names = (*PEERS, RAMIEL)
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        places, heights = [], []
        for place, result in enumerate(results):
            found = result.of(name)
            if found is not None:
                places.append(place + (index - len(names) / 2 + 0.5) * width)
                heights.append(found.milliseconds / result.best_peer.milliseconds)
        axes.bar(places, heights, width, label=name)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(results)), [result.model for result in results], rotation=20)
    axes.set_ylabel("time / best peer's")
    axes.legend(fontsize="small", ncols=len(names))
    figure.tight_layout()
    figure.savefig(file)
    library.close(figure)
