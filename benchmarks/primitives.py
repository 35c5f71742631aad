"""Kernels of oneDNN: called directly, beside PyTorch's operators on the same kernels.

python -m benchmarks.primitives

Each on one core, alternating; the least time of each counts.  Writes primitives.json and
primitives.md to benchmarks/results.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks.latency import RESULTS
from benchmarks.results import about_this_machine
from ramiel.costs.side_by_side import side_by_side
from ramiel.operators.helpers import kernels
from ramiel.operators.helpers.onednn_pooling import onednn_avg_pool2d, onednn_max_pool2d

CONVOLUTIONS = (
    # channels in and out, height and width, kernel, groups: of the models of the paper
    (88, 88, 14, 3, 88),
    (88, 88, 14, 5, 88),
    (44, 44, 28, 5, 44),
    (176, 176, 7, 1, 1),
    (88, 88, 14, 1, 1),
    (192, 64, 28, 1, 1),
    (96, 208, 14, 3, 1),
    (64, 192, 56, 3, 1),
)
LINEAR = ((1, 1056, 1000), (128, 768, 768))
"""Rows, columns, results."""
POOLINGS = ((88, 14, 1), (192, 28, 1), (64, 112, 2))
"""Channels, height and width, stride; windows of 3x3."""
SECONDS = 0.4
"""For all ways of one shape."""

Ways = Mapping[str, Callable[[], torch.Tensor]]
OPERATOR, DIRECT = "PyTorch's operator", "called directly"


def convolution(inputs: int, outputs: int, size: int, kernel: int, groups: int) -> Ways:
    """A convolution with ReLU whose result is as large as what it reads."""
    x = torch.rand(1, inputs, size, size).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.rand(outputs, inputs // groups, kernel, kernel), torch.rand(outputs)
    how: dict[str, Any] = {"padding": kernel // 2, "groups": groups}
    with torch.inference_mode(False), torch.no_grad():
        given: dict[str, Any] = {"input_shape": tuple(x.shape), **how}
        packed = kernels.pack_conv2d(weight, **given)
        primitive = kernels.conv2d_primitive(weight, **given)
    return {
        OPERATOR: lambda: kernels.conv2d(x, packed, bias, activation="relu", **how),
        DIRECT: lambda: kernels.conv2d(x, primitive, bias, activation="relu", **how),
    }


def linear(rows: int, columns: int, results: int) -> Ways:
    """A linear layer."""
    x, weight, bias = torch.rand(rows, columns), torch.rand(results, columns), torch.rand(results)
    with torch.inference_mode(False), torch.no_grad():
        packed = kernels.pack_linear(weight, rows=rows)
        primitive = kernels.linear_primitive(weight, rows=rows)
    return {
        OPERATOR: lambda: kernels.linear(x, packed, bias),
        DIRECT: lambda: kernels.linear(x, primitive, bias),
    }


def pooling(average: bool, channels: int, size: int, stride: int) -> Ways:
    """A pooling of windows of 3x3."""
    x = torch.rand(1, channels, size, size).contiguous(memory_format=torch.channels_last)
    usual, direct = (
        (F.avg_pool2d, onednn_avg_pool2d) if average else (F.max_pool2d, onednn_max_pool2d)
    )
    return {
        OPERATOR: lambda: usual(x, 3, stride, 1),
        DIRECT: lambda: direct(x, 3, stride, 1),
    }


def least_us(ways: Ways) -> dict[str, float]:
    """The least time of a call of each."""
    best = dict.fromkeys(ways, float("inf"))
    with torch.inference_mode():
        for function in ways.values():
            for _ in range(5):
                function()
        deadline = time.perf_counter() + SECONDS
        while time.perf_counter() < deadline:
            for name, function in ways.items():
                started = time.perf_counter()
                function()
                best[name] = min(best[name], time.perf_counter() - started)
    return {name: round(seconds * 1e6, 1) for name, seconds in best.items()}


def measure() -> list[dict[str, Any]]:
    """A row for each shape."""
    cases: list[tuple[str, Ways]] = []
    for inputs, outputs, size, kernel, groups in CONVOLUTIONS:
        kind = "depthwise convolution" if groups > 1 else "convolution"
        shape = f"{kind} {kernel}x{kernel}, {inputs} to {outputs} channels of {size}x{size}"
        cases.append((shape, convolution(inputs, outputs, size, kernel, groups)))
    for rows, columns, results in LINEAR:
        shape = f"linear layer, {rows} rows of {columns} to {results}"
        cases.append((shape, linear(rows, columns, results)))
    for average in (False, True):
        for channels, size, stride in POOLINGS:
            kind = "average" if average else "maximum"
            shape = f"{kind} of 3x3, stride {stride}, {channels} channels of {size}x{size}"
            cases.append((shape, pooling(average, channels, size, stride)))
    found: list[dict[str, Any]] = []
    for shape, ways in cases:
        times = least_us(ways)
        ratio = round(times[OPERATOR] / times[DIRECT], 2)
        found.append({"computation": shape, **times, "ratio": ratio})
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [f"| µs | {OPERATOR} | {DIRECT} | times as fast |", "| --- | --: | --: | --: |"]
    for row in rows:
        cells = row["computation"], row[OPERATOR], row[DIRECT], row["ratio"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Measure on one core, write the results and print them."""
    [rows] = side_by_side([measure], 1)
    RESULTS.mkdir(exist_ok=True)
    record: dict[str, Any] = {"about": about_this_machine(1), "rows": rows}
    (RESULTS / "primitives.json").write_text(json.dumps(record, indent=1) + "\n")
    text = table(rows)
    (RESULTS / "primitives.md").write_text(f"# oneDNN called directly, one core\n\n{text}\n")
    print(text)


if __name__ == "__main__":
    main()
