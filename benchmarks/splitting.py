"""One convolution for two workers: split by output channels, beside using both cores inside it.

python -m benchmarks.splitting

Two workers that wait for messages compute half of the output channels each, and one puts the halves
together; the same convolution runs on one core, and on two cores of one worker. All alternate;
the least time of each counts. Writes splitting.json and splitting.md to benchmarks/results.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import torch

from benchmarks.latency import RESULTS
from benchmarks.results import about_this_machine
from ramiel.costs.side_by_side import side_by_side
from ramiel.operators.helpers.kernels import conv2d, pack_conv2d
from ramiel.runtime.workers import Workers

SHAPES = (
    # channels in, channels out, height and width, kernel: of the models of the paper
    (176, 176, 7, 1),
    (64, 64, 13, 3),
    (88, 88, 14, 1),
    (192, 64, 28, 1),
    (96, 208, 14, 3),
    (64, 192, 56, 3),
    (256, 256, 56, 3),
)
SECONDS = 1.0
"""For one way of one shape."""

Convolution = Callable[[torch.Tensor], torch.Tensor]


def convolution(weight: torch.Tensor, shape: Sequence[int], padding: int) -> Convolution:
    """A convolution whose weight is packed for the width of the calling thread."""
    with torch.inference_mode(False), torch.no_grad():
        packed = pack_conv2d(weight, input_shape=tuple(shape), padding=padding)
    return lambda x: conv2d(x, packed, padding=padding, activation="relu")


def least_us(function: Callable[[], object]) -> float:
    """The least time of a call."""
    for _ in range(10):
        function()
    best, deadline = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def one_worker(weight: torch.Tensor, x: torch.Tensor, padding: int, width: int) -> float:
    """The time on that many cores of one worker."""

    def run() -> float:
        with torch.inference_mode():
            kernel = convolution(weight, x.shape, padding)
            return least_us(lambda: kernel(x))

    return side_by_side([run], width)[0]


def two_workers(weight: torch.Tensor, x: torch.Tensor, padding: int) -> float:
    """The time of halves on two workers, from the message that x is there to the whole result."""
    jobs: SimpleQueue[torch.Tensor | None] = SimpleQueue()
    halves: SimpleQueue[torch.Tensor] = SimpleQueue()
    first, second = weight.chunk(2)

    def other() -> None:
        with torch.inference_mode():
            kernel = convolution(second.contiguous(), x.shape, padding)
            while (given := jobs.get()) is not None:
                halves.put(kernel(given))

    def run() -> float:
        workers = Workers([("other", 1)])
        workers.queues[0].put(other)
        with torch.inference_mode():
            kernel = convolution(first.contiguous(), x.shape, padding)

            def both() -> torch.Tensor:
                jobs.put(x)
                own = kernel(x)
                return torch.cat([own, halves.get()], dim=1)

            try:
                return least_us(both)
            finally:
                jobs.put(None)
                workers.stop(wait=5.0)

    return side_by_side([run], 1)[0]


def measure(shape: tuple[int, int, int, int]) -> dict[str, Any]:
    """All ways of one shape, in µs."""
    channels, filters, size, kernel = shape
    x = torch.rand(1, channels, size, size).contiguous(memory_format=torch.channels_last)
    weight, padding = torch.randn(filters, channels, kernel, kernel), kernel // 2
    return {
        "shape": shape,
        "one core": one_worker(weight, x, padding, 1),
        "two cores": one_worker(weight, x, padding, 2),
        "split": two_workers(weight, x, padding),
    }


def main() -> None:
    """Measure all shapes and write the table."""
    about = about_this_machine(2)
    lines = [
        "# Splitting one convolution",
        "",
        f"`python -m benchmarks.splitting` on {about['machine']}, load {about['load']} at the "
        "start: least µs.",
        "",
        "| channels | filters | picture | kernel | one core | two cores of one worker | split over "
        "two workers | split / wide |",
        "| --- |" + " --- |" * 7,
    ]
    found = [measure(shape) for shape in SHAPES]
    for row in found:
        channels, filters, size, kernel = row["shape"]
        times = [row[name] for name in ("one core", "two cores", "split")]
        cells = " | ".join(f"{us:.0f}" for us in times)
        lines.append(
            f"| {channels} | {filters} | {size}x{size} | {kernel}x{kernel} | {cells} | "
            f"{times[2] / times[1]:.2f} |"
        )
    text = "\n".join(lines) + "\n"
    (RESULTS / "splitting.md").write_text(text, encoding="utf-8")
    content = json.dumps({"about": about, "found": found}, indent=1)
    (RESULTS / "splitting.json").write_text(content + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
