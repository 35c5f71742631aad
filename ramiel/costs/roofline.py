"""The roofline model: what the machine's peak and bandwidth allow, and a constant for the call.

After Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for
multicore architectures" (CACM 52(4), 2009).
"""

from __future__ import annotations

from xdsl.ir import Operation

from ramiel.costs.calibration import Calibration, this_machine
from ramiel.costs.model import Estimate, Request
from ramiel.costs.pricing import arithmetic, operation_cost, traffic
from ramiel.dialects.torch import CallOp
from ramiel.weights import WeightStore


def estimate(request: Request) -> Estimate:
    """Costs for each width up to the request's, from this machine's calibration."""
    calibration = this_machine(request.executor)
    costs = {
        task: roofline_costs(task, request.graph.store, calibration, request.cores)
        for task in request.tasks
    }
    known = {task: cost for task, cost in costs.items() if cost is not None}
    return Estimate(known, calibration.machine_for(request.executor, request.cores))


def roofline_costs(
    op: Operation, store: WeightStore, calibration: Calibration, cores: int
) -> list[int] | None:
    """The ns on 1, 2, … cores; None if the operation has no meaning in PyTorch."""
    costs: list[int] = []
    for width in range(1, cores + 1):
        cost = operation_cost(
            op,
            store,
            lambda call, width=width: call_cost(call, calibration, width),
            calibration.dispatch_ns,
        )
        if cost is None:
            return None
        costs.append(cost)
    return costs


def call_cost(op: CallOp, calibration: Calibration, width: int) -> int:
    """max(flops / peak, bytes / bandwidth) + dispatch constant, in ns; a view is only the last."""
    if op.callee.view:
        return calibration.dispatch_ns
    flops_per_ns = calibration.at_width(calibration.flops_per_ns, width)
    bytes_per_ns = calibration.at_width(calibration.bytes_per_ns, width)
    bound = max(arithmetic(op) / flops_per_ns, traffic(op) / bytes_per_ns)
    return round(bound) + calibration.dispatch_ns
