"""costs.json: the costs that a schedule was made from, to be given back with `--costs`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xdsl.ir import Operation

from ramiel.costs.cache import read_json
from ramiel.costs.machine import machine_from_literal, machine_to_literal
from ramiel.costs.model import Estimate
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.errors import RamielError
from ramiel.locations import node_name
from ramiel.scheduling.machine import Machine

VERSION = 1
"""Of the file's format."""


def costs_text(
    tasks: Sequence[tuple[Operation, Sequence[int]]], machine: Machine | None, model: str
) -> str:
    """The file: the model, the machine, each operation's node, callee and costs in ns.

    Where a weight has another layout, what makes it: that is the kernel which was chosen.
    """
    described = None if machine is None else machine_to_literal(machine)
    head: dict[str, Any] = {
        "version": VERSION,
        "model": model,
        "machine": described,
        "operations": [],
    }
    entries: list[dict[str, Any]] = []
    for op, cost in tasks:
        node, operation = _name(op)
        layout = {} if (prepared := layout_of_weight(op)) is None else {"layout": prepared}
        entries.append({"node": node, "operation": operation, **layout, "cost": list(cost)})
    # An operation a line, so that two files can be compared.
    text = json.dumps(head, indent=1)
    lines = ",\n  ".join(json.dumps(entry) for entry in entries)
    return text.replace('"operations": []', f'"operations": [\n  {lines}\n ]') + "\n"


def read_costs(file: Path, tasks: Sequence[Operation]) -> Estimate:
    """The costs of a file for operations, by node and callee, and by order where those are equal.

    Raises RamielError if the file is none of these, or knows not one of the operations.
    """
    content = _content(file)
    try:
        entries: list[dict[str, Any]] = content["operations"]
        known: defaultdict[tuple[str, str], list[list[int]]] = defaultdict(list)
        for entry in entries:
            known[entry["node"], entry["operation"]].append(_checked(entry["cost"]))
        machine = content["machine"]
        found = None if machine is None else machine_from_literal(machine)
    except (KeyError, TypeError, ValueError) as error:
        raise RamielError(f"{file} is damaged: {error}") from error
    costs: dict[Operation, Sequence[int]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for task in tasks:
        name = _name(task)
        if seen[name] < len(known[name]):
            costs[task] = known[name][seen[name]]
        seen[name] += 1
    if tasks and not costs:
        raise RamielError(f"{file} has no cost of this model's operations")
    return Estimate(costs, found)


def read_kernels(file: Path) -> dict[str, set[str]]:
    """For each node what its weights were laid out by, and the callees where they were not.

    Raises RamielError if the file is none of costs.
    """
    content = _content(file)
    kernels: defaultdict[str, set[str]] = defaultdict(set)
    try:
        for entry in content["operations"]:
            kernels[entry["node"]].add(entry.get("layout", entry["operation"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise RamielError(f"{file} is damaged: {error}") from error
    return dict(kernels)


def _content(file: Path) -> dict[str, Any]:
    content = read_json(file)
    if content is None or content.get("version") != VERSION:
        raise RamielError(f"{file} is no file of costs of version {VERSION}")
    return content


def layout_of_weight(op: Operation) -> str | None:
    """The callee that prepares a weight of the operation, None if nothing does."""
    prepared = (value.owner for value in op.operands if isinstance(value.owner, PrepareOp))
    return next((owner.key.data for owner in prepared), None)


def _checked(cost: Any) -> list[int]:
    if not isinstance(cost, list) or not cost:
        raise ValueError(f"{cost!r} is no list of ns")
    for ns in cost:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(ns, int) or ns < 0:
            raise ValueError(f"{ns!r} is no time in ns")
    return cost  # pyright: ignore[reportUnknownVariableType]


def _name(op: Operation) -> tuple[str, str]:
    return node_name(op), op.callee.key if isinstance(op, CallOp) else op.name
