"""The machine that costs were estimated for, as an attribute of the graph or program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ramiel.dialects import syntax
from ramiel.dialects.program import ProgramOperation
from ramiel.errors import RamielError
from ramiel.scheduling.machine import Machine
from ramiel.scheduling.task_graph import MessageCost

MACHINE = "machine"
"""The discardable attribute: `machine = {cores = 2, slowdown = [1.0, 1.2], message_ns = 9000, …}`.

`estimate-cost` writes it; `cluster`, `merge-clusters` and `clone` read it."""


def set_machine(program: ProgramOperation, machine: Machine) -> None:
    """Attach the machine to a graph or program."""
    program.attributes[MACHINE] = syntax.to_attribute(machine_to_literal(machine))


def machine_of(program: ProgramOperation) -> Machine | None:
    """The machine of a graph or program, None if it has none.

    Raises RamielError for an attribute that is none.
    """
    attribute = program.attributes.get(MACHINE)
    if attribute is None:
        return None
    try:
        return machine_from_literal(syntax.to_literal(attribute))
    except (TypeError, ValueError, KeyError) as error:
        raise RamielError(f"{program.sym_name.data}: {MACHINE} is no machine: {error}") from error


def machine_to_literal(machine: Machine) -> dict[str, Any]:
    """A machine as JSON, or as the attribute's content."""
    known = {"cores": machine.cores, "linked_ns": machine.linked_ns}
    return {
        **{name: value for name, value in known.items() if value is not None},
        "slowdown": list(machine.slowdown),
        "message_ns": machine.message.latency_ns,
        "ns_per_byte": machine.message.ns_per_byte,
        "send_ns": machine.send_ns,
        "receive_ns": machine.receive_ns,
        "send_ns_per_byte": machine.send_ns_per_byte,
        "call_ns": machine.call_ns,
        "serial_call_ns": machine.serial_call_ns,
    }


def machine_from_literal(literal: Any) -> Machine:
    """The inverse.  What is not said is as in an ideal machine; raises TypeError or ValueError."""
    if not isinstance(literal, Mapping):
        raise TypeError(f"{literal!r} is no dictionary")
    given: dict[str, Any] = dict(literal)  # pyright: ignore[reportUnknownArgumentType]
    latency = int(given.pop("message_ns", MessageCost().latency_ns))
    per_byte = float(given.pop("ns_per_byte", 0.0))
    slowdown = tuple(float(factor) for factor in given.pop("slowdown", [1.0]))
    return Machine(slowdown=slowdown, message=MessageCost(latency, per_byte), **given)
