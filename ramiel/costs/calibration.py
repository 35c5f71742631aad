"""What `ramiel calibrate` found out about a machine, as a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ramiel.costs.cache import machine_file, machine_name, read_json, write_json
from ramiel.errors import RamielError
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import MessageCost

VERSION = 3
"""Of the file's format."""
FILE_VARIABLE = "RAMIEL_CALIBRATION"
"""The environment variable that names another file."""
QUICK = ("serial", "threads")
"""The executors that are measured at the first use: the others start processes, and wait for
theirs."""


@dataclass(frozen=True)
class ExecutorCosts:
    """What messages and calls of one executor cost, in ns.

    Attributes:
        message_ns, ns_per_byte: from the end of an operation to the start of its waiting reader
            in another cluster, a message of b bytes takes message_ns + ns_per_byte · b.
        send_ns, receive_ns: what of that the sender and the reader spend of their own time.
        send_ns_per_byte: what the sender spends beside that for each byte.
        call_ns: start and end of a call with two clusters.
        serial_call_ns: the same with one cluster on the calling thread.
        messages: bytes → ns, as measured.

    """

    message_ns: int
    ns_per_byte: float
    send_ns: int
    receive_ns: int
    send_ns_per_byte: float
    call_ns: int
    serial_call_ns: int
    messages: Mapping[str, int]


@dataclass(frozen=True)
class Calibration:
    """A machine's figures; lists are by width, from one core on.

    Attributes:
        machine, torch: what they were measured with.
        flops_per_ns: float32 peak inside one operator.
        bytes_per_ns: memory bandwidth inside one operator.
        dispatch_ns: a call of a small operator.
        slowdown: how many times longer operators take while 1, 2, … cores are busy.
        executors: by name.
        linked_ns: a message between recorded clusters of the executor threads; None where they
            need the interpreter for it.

    """

    machine: str
    torch: str
    flops_per_ns: list[float]
    bytes_per_ns: list[float]
    dispatch_ns: int
    slowdown: list[float]
    executors: Mapping[str, ExecutorCosts]
    linked_ns: int | None = None

    def machine_for(self, executor: str, cores: int) -> Machine:
        """What the scheduler takes into account.  Raises RamielError for an unknown executor."""
        found = self.executors.get(executor)
        if found is None:
            known = ", ".join(self.executors)
            raise RamielError(
                f"executor {executor!r} is not calibrated; there are: {known} (ramiel calibrate)"
            )
        return Machine(
            cores=cores,
            slowdown=tuple(max(1.0, factor) for factor in self.slowdown),
            message=MessageCost(found.message_ns, found.ns_per_byte),
            send_ns=found.send_ns,
            receive_ns=found.receive_ns,
            send_ns_per_byte=found.send_ns_per_byte,
            call_ns=found.call_ns,
            serial_call_ns=found.serial_call_ns,
        )

    def at_width(self, figures: list[float], width: int) -> float:
        """A figure by width; wider than measured counts as the widest."""
        return figures[min(width, len(figures)) - 1]


def calibration_file() -> Path:
    """$RAMIEL_CALIBRATION, else this machine's in the cache folder."""
    if own := os.environ.get(FILE_VARIABLE):
        return Path(own)
    import torch

    return machine_file("calibration", torch.__version__)


def save(calibration: Calibration, file: Path) -> None:
    """Write the file.  Raises RamielError if that cannot be."""
    write_json(file, {"version": VERSION, **asdict(calibration)})


def load(file: Path) -> Calibration | None:
    """The file's calibration, None if there is none or its format is another."""
    found = read_json(file)
    if found is None or found.pop("version", None) != VERSION:
        return None
    try:
        executors: dict[str, dict[str, Any]] = found.pop("executors")
        costs = {name: ExecutorCosts(**item) for name, item in executors.items()}
        return Calibration(**found, executors=costs)
    except (TypeError, AttributeError, KeyError):
        return None


def this_machine(executor: str = "threads") -> Calibration:
    """The calibration of this machine, with an executor; what was never measured is, in seconds.

    Raises RamielError if $RAMIEL_CALIBRATION names a file that holds none.
    """
    file = calibration_file()
    found, is_named = load(file), bool(os.environ.get(FILE_VARIABLE))
    if found is None and is_named:
        raise RamielError(f"{file} holds no calibration of version {VERSION}")
    if found is not None and (is_named or executor in found.executors):
        return found
    from ramiel.costs.measuring import calibrate, measure_executors
    from ramiel.remarks import remark

    remark(f"measuring this machine once ({machine_name()}): the file is {file}")
    if found is None:
        found = calibrate(executors=tuple(dict.fromkeys((*QUICK, executor))))
    else:
        more = measure_executors(names=(executor,))
        found = replace(found, executors={**found.executors, **more})
    try:
        save(found, file)
    except RamielError as error:
        remark(str(error))
    return found
