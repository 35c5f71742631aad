"""The interface of a cost model, and the models there are.

A model is a function from a `Request` to an `Estimate`.  An extension names its own in the
entry-point group `ramiel.cost_models`; `estimate-cost{model=NAME}` finds it there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TypeAlias

from xdsl.ir import Operation

from ramiel.dialects.dataflow import GraphOp
from ramiel.errors import RamielError
from ramiel.scheduling.machine import Machine

GROUP = "ramiel.cost_models"
"""Entry-point group of extensions: each entry is a CostModel."""
BUILT_IN = ("static", "roofline", "profile")
"""Each is a module of ramiel.costs with a function `estimate`."""
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a model that runs operations may spend."""

    seconds: float = 10.0
    """For all runs together; after it nothing more is begun."""
    total_bytes: int = 4096 * MEBIBYTE
    """Weights and results that are alive at the same time."""
    extra_bytes: int = 512 * MEBIBYTE
    """What runs at the same time may have beside what one alone has."""
    result_bytes: int = 512 * MEBIBYTE
    """The results of one operation."""
    flops: int = 10**12
    """The arithmetic of one operation."""


@dataclass(frozen=True)
class Request:
    """What to estimate.

    Attributes:
        graph: of onnx or torch operations.
        tasks: its operations that need a cost.
        cores: costs are wanted for the widths 1 to `cores`.
        executor: whose messages and calls count.
        limits: for models that run operations.
        recorded: the clusters are to be recorded, where they can be.

    """

    graph: GraphOp
    tasks: Sequence[Operation]
    cores: int = 1
    executor: str = "threads"
    limits: Limits = field(default_factory=Limits)
    recorded: bool = False


@dataclass(frozen=True)
class Estimate:
    """What a model says.

    Attributes:
        costs: for each task its ns on 1, 2, … cores; a task that is missing has no known cost.
        machine: what messages and calls cost, and how busy cores disturb each other; None: the
            defaults of the passes.

    """

    costs: Mapping[Operation, Sequence[int]]
    machine: Machine | None = None


CostModel: TypeAlias = Callable[[Request], Estimate]


def find_model(name: str) -> CostModel:
    """The model of a name.  Raises RamielError that lists the names there are."""
    if name in BUILT_IN:
        return importlib.import_module(f"ramiel.costs.{name}").estimate
    extensions = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in extensions:
        return extensions[name].load()
    known = ", ".join((*BUILT_IN, *sorted(extensions)))
    raise RamielError(f"no cost model {name!r}; there are: {known}")
