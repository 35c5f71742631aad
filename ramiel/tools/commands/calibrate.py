"""`ramiel calibrate`: measure this machine once, for the cost models."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ramiel.cores import available_cores
from ramiel.costs.calibration import Calibration, calibration_file, save
from ramiel.tools.commands.common import progress

HELP = "measure this machine: peak, bandwidth, messages; the cost models use it"
EXAMPLE = "ramiel calibrate --output this_machine.json"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write here (default: $RAMIEL_CALIBRATION, else the user's cache folder)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, print two tables."""
    from ramiel.costs.measuring import calibrate

    load, started = os.getloadavg()[0], time.perf_counter()
    with progress("measuring this machine") as step:
        calibration = calibrate(step)
    file = arguments.output or calibration_file()
    save(calibration, file)
    console = Console(width=None if Console().is_terminal else 100)
    console.print(machine_table(calibration))
    console.print(message_table(calibration))
    print(f"written to {file} ({time.perf_counter() - started:.0f} s)")
    if load > 0.5 * available_cores():
        print(f"warning: the machine was busy (load {load:.1f}): measure again when it is idle")
    return 0


def machine_table(calibration: Calibration) -> Table:
    """What operators can do, by the cores that they or others use."""
    table = Table("cores", "float32 peak", "memory", "slowdown", title=calibration.machine)
    columns = (calibration.flops_per_ns, calibration.bytes_per_ns, calibration.slowdown)
    for cores, (flops, moved, slowdown) in enumerate(zip(*columns, strict=True), start=1):
        table.add_row(str(cores), f"{flops:.0f} GFLOP/s", f"{moved:.1f} GB/s", f"{slowdown:.2f}x")
    table.caption = f"an operator's call takes {microseconds(calibration.dispatch_ns)} µs"
    return table


def message_table(calibration: Calibration) -> Table:
    """One message by executor and size, and what a call takes."""
    sizes = list(next(iter(calibration.executors.values())).messages)
    heads = [human_bytes(int(size)) for size in sizes]
    table = Table(
        "executor",
        *heads,
        "α",
        "β · MiB",
        "send",
        "… · MiB",
        "recv",
        "call",
        title="one message, µs",
    )
    for name, costs in calibration.executors.items():
        table.add_row(
            name,
            *(microseconds(costs.messages[size]) for size in sizes),
            microseconds(costs.message_ns),
            microseconds(costs.ns_per_byte * (1 << 20)),
            microseconds(costs.send_ns),
            microseconds(costs.send_ns_per_byte * (1 << 20)),
            microseconds(costs.receive_ns),
            microseconds(costs.call_ns),
        )
    return table


def microseconds(ns: float) -> str:
    """`9.1`."""
    return f"{ns / 1000:.1f}"


def human_bytes(size: int) -> str:
    """`64 B`, `1 KiB`, `4 MiB`."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size // factor} {unit}"
    return f"{size} B"
