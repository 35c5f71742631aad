"""The static model: the same integers on every machine, for tests and for reading."""

from __future__ import annotations

from xdsl.ir import Operation

from ramiel.costs.model import Estimate, Request
from ramiel.costs.pricing import UNKNOWN_TRIPS, arithmetic, operation_cost, traffic
from ramiel.dialects.torch import CallOp
from ramiel.weights import WeightStore

CALL_NS = 4_000
"""Python and PyTorch's dispatcher, for a call that computes."""
VIEW_NS = 1_000
"""A call that only makes a view."""
FLOPS_PER_NS = 50
"""What convolutions and matrix products reach on one core."""
BYTES_PER_NS = 8
"""Memory bandwidth of one core."""


def estimate(request: Request) -> Estimate:
    """Costs on one core."""
    store = request.graph.store
    costs = {task: static_cost(task, store) for task in request.tasks}
    return Estimate({task: [cost] for task, cost in costs.items() if cost is not None})


def static_cost(op: Operation, store: WeightStore) -> int | None:
    """Nanoseconds of an operation on one core; None if it has no meaning in PyTorch."""
    return operation_cost(op, store, call_cost, CALL_NS)


def call_cost(op: CallOp) -> int:
    """Nanoseconds of one torch.call; unknown dimensions count as 1."""
    if op.callee.view:
        return VIEW_NS
    return CALL_NS + max(arithmetic(op) // FLOPS_PER_NS, traffic(op) // BYTES_PER_NS)


def table() -> str:
    """The model as a table in Markdown, for docs/costs.md."""
    rows = (
        ("a call that computes", f"{CALL_NS} ns + the larger of the next two"),
        ("its arithmetic", f"{FLOPS_PER_NS} operations a ns"),
        ("its memory traffic", f"{BYTES_PER_NS} bytes a ns, each operand and result once"),
        ("a call that makes a view", f"{VIEW_NS} ns"),
        ("an if", f"{CALL_NS} ns + its dearer branch"),
        ("a loop", f"{CALL_NS} ns + its body × its trips, {UNKNOWN_TRIPS} if unknown"),
    )
    lines = [f"| {what} | {price} |" for what, price in rows]
    return "\n".join(["| what | static cost |", "| --- | --- |", *lines])
