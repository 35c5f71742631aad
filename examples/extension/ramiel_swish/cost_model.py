"""A cost model: every operation takes the same time, so that schedules show the graph's shape."""

from __future__ import annotations

from ramiel.costs.model import Estimate, Request

OPERATION_NS = 100_000


def uniform(request: Request) -> Estimate:
    """100 µs for each operation, on any number of cores."""
    return Estimate({task: [OPERATION_NS] for task in request.tasks})
