"""Convolutions by minimal filtering, beside oneDNN's direct ones, as recorded clusters replay them.

python -m benchmarks.minimal_filtering

On all cores, alternating; medians, and the largest difference from float64 by the largest number.
Writes minimal_filtering.json and minimal_filtering.md to benchmarks/results.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.latency import RESULTS
from benchmarks.results import about_this_machine
from ramiel.cores import available_cores
from ramiel.costs.replayed import replay_of
from ramiel.costs.side_by_side import side_by_side
from ramiel.operators.helpers import kernels

CONVOLUTIONS = (
    # channels in and out, height and width, kernel: of the models of the paper
    (256, 256, 40, (3, 3)),
    (64, 64, 80, (3, 3)),
    (64, 192, 56, (3, 3)),
    (128, 192, 28, (3, 3)),
    (96, 208, 14, (3, 3)),
    (96, 96, 35, (3, 3)),
    (16, 64, 55, (3, 3)),
    (48, 64, 35, (5, 5)),
    (192, 192, 17, (1, 7)),
    (384, 384, 8, (1, 3)),
)
SECONDS = 1.0
"""For both ways of one shape."""
Row = dict[str, Any]


def measure() -> list[Row]:
    """A row for each shape."""
    return [_row(*shape) for shape in CONVOLUTIONS]


def _row(inputs: int, outputs: int, size: int, kernel: tuple[int, int]) -> Row:
    torch.manual_seed(0)
    x = torch.randn(1, inputs, size, size).contiguous(memory_format=torch.channels_last)
    fan = inputs * kernel[0] * kernel[1]
    weight, bias = torch.randn(outputs, inputs, *kernel) / fan**0.5, torch.randn(outputs)
    padding = kernel[0] // 2, kernel[1] // 2
    exact = F.relu(F.conv2d(x.double(), weight.double(), bias.double(), padding=padding))
    replays: list[Callable[[], int]] = []
    errors: list[float] = []
    for prepare in (kernels.conv2d_primitive, kernels.conv2d_winograd):
        with torch.inference_mode(False), torch.no_grad():
            own = prepare(weight, input_shape=tuple(x.shape), padding=padding)

        def convolve(x: Tensor, own: Tensor, bias: Tensor) -> Tensor:
            return kernels.conv2d(x, own, bias, padding=padding, activation="relu")

        with torch.inference_mode():
            errors.append(float((convolve(x, own, bias) - exact).abs().max() / exact.abs().max()))
            replay = replay_of(convolve, [x, own, bias])
        assert replay is not None
        replays.append(replay)
    direct, filtered = _medians(replays)
    name = f"{kernel[0]}x{kernel[1]}, {inputs} to {outputs} channels of {size}x{size}"
    ratio = round(direct / filtered, 2)
    differences = [f"{error:.1e}" for error in errors]
    return {"convolution": name, "us": [direct, filtered], "ratio": ratio, "errors": differences}


def _medians(replays: list[Callable[[], int]]) -> list[float]:
    times: list[list[int]] = [[] for _ in replays]
    deadline = time.perf_counter() + SECONDS
    with torch.inference_mode():
        while time.perf_counter() < deadline:
            for replay, samples in zip(replays, times, strict=True):
                replay()
                samples.append(replay())
    return [round(statistics.median(samples) / 1e3, 1) for samples in times]


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| convolution | direct, µs | so, µs | times as fast | its difference | difference, so |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for row in rows:
        cells = row["convolution"], *row["us"], row["ratio"], *row["errors"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Measure on all cores, write the results and print them."""
    cores = available_cores()
    [rows] = side_by_side([measure], cores)
    RESULTS.mkdir(exist_ok=True)
    record: dict[str, Any] = {"about": about_this_machine(cores), "rows": rows}
    (RESULTS / "minimal_filtering.json").write_text(json.dumps(record, indent=1) + "\n")
    text = table(rows)
    title = f"# Convolutions by minimal filtering, {cores} cores"
    (RESULTS / "minimal_filtering.md").write_text(f"{title}\n\n{text}\n")
    print(text)


if __name__ == "__main__":
    main()
