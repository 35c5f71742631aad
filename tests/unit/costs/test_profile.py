from __future__ import annotations

from collections.abc import Callable

import pytest

from ramiel.costs import profile
from ramiel.costs.calibration import Calibration
from ramiel.costs.measurements import Measurements
from ramiel.costs.model import Limits, Request
from ramiel.costs.profile import Profiler, between_one_and, estimate
from ramiel.dialects.dataflow import GraphOp
from ramiel.remarks import collected

T = "tensor<64x64xf32>"
RELU = f'%y = torch.call "torch.relu"(%x) : ({T}) -> {T}'
TWO = f"""%a = torch.call "torch.relu"(%x) : ({T}) -> {T}
%b = torch.call "torch.relu"(%a) : ({T}) -> {T}
%y = torch.call "torch.nn.functional.linear"(%a, %b) : ({T}, {T}) -> {T}"""

Parse = Callable[[str], GraphOp]
pytestmark = pytest.mark.usefixtures("calibration")


def request(graph: GraphOp, limits: Limits | None = None, cores: int = 1) -> Request:
    tasks = [op for op in graph.block.ops if op is not graph.output]
    return Request(graph, tasks, cores, limits=limits or Limits(seconds=2))


def roofline(calibration: Calibration, moved: int) -> list[int]:
    return [round(moved / calibration.bytes_per_ns[0]) + calibration.dispatch_ns]


def test_each_operation_gets_a_measured_time_and_equal_ones_the_same(graph: Parse):
    asked = request(graph(TWO))
    costs = estimate(asked).costs
    first, second, product = (costs[task] for task in asked.tasks)
    assert first == second
    assert 0 < first[0] < 10**8
    assert 0 < product[0] < 10**8


def test_costs_for_each_width(graph: Parse):
    asked = request(graph(RELU), cores=3)
    found = estimate(asked)
    assert [len(costs) for costs in found.costs.values()] == [3]
    assert found.machine is not None
    assert found.machine.cores == 3
    assert len(found.machine.slowdown) == 3
    assert found.machine.message.latency_ns == 8_000


def test_what_was_measured_is_not_measured_again(graph: Parse, monkeypatch: pytest.MonkeyPatch):
    first = estimate(request(graph(TWO), cores=2))

    def refuse(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(Profiler, "_run", refuse)
    again = estimate(request(graph(TWO), cores=2))
    assert list(again.costs.values()) == list(first.costs.values())
    assert again.machine == first.machine


def test_the_cache_tells_attributes_shapes_and_operators_apart(graph: Parse):
    estimate(request(graph(TWO)))
    assert sorted(Measurements.load().kernels) == [
        f"F.linear(v0, v1) : ({T}, {T}) -> {T}",
        f"torch.relu(v0) : ({T}) -> {T}",
    ]


def test_a_large_result_is_priced_by_the_roofline(graph: Parse, calibration: Calibration):
    asked = request(graph(TWO), Limits(seconds=2, result_bytes=1_000))
    with collected() as remarks:
        costs = estimate(asked).costs
    assert costs[asked.tasks[0]] == roofline(calibration, 2 * 64 * 64 * 4)
    assert remarks == [
        "dataflow.graph: 3 operations not profiled, roofline instead: its 16384 bytes are over 1000"
    ]


def test_much_arithmetic_is_priced_by_the_roofline_and_the_rest_measured(graph: Parse):
    asked = request(graph(TWO), Limits(seconds=2, flops=100_000))
    with collected() as remarks:
        costs = estimate(asked).costs
    assert len(costs) == 3
    [remark] = remarks
    assert "1 operations not profiled" in remark
    assert "floating-point operations are over 100000" in remark


def test_random_operations_are_never_run(graph: Parse):
    dtype = "{dtype = #torch.dtype<float32>}"
    random = f'%y = torch.call "operators.bernoulli"(%x) {dtype} : ({T}) -> {T}'
    with collected() as remarks:
        costs = estimate(request(graph(random))).costs
    assert len(costs) == 1
    assert "it may have side effects" in remarks[0]


def test_an_operation_that_fails_is_priced_and_not_tried_again(
    graph: Parse, monkeypatch: pytest.MonkeyPatch
):
    # The type says a square, but these values do not fit: evaluation raises.
    wrong = f"""%a = torch.call "Tensor.reshape"(%x) {{shape = [7, 7]}} : ({T}) -> {T}
%y = torch.call "torch.relu"(%a) : ({T}) -> {T}"""
    with collected() as remarks:
        assert len(estimate(request(graph(wrong))).costs) == 2
    assert "it failed: " in remarks[0]
    monkeypatch.setattr(profile, "side_by_side", None)
    with collected():
        assert len(estimate(request(graph(wrong))).costs) == 2


def test_no_time_at_all_leaves_the_roofline(graph: Parse, calibration: Calibration):
    asked = request(graph(RELU), Limits(seconds=0))
    with collected() as remarks:
        costs = estimate(asked).costs
    assert costs[asked.tasks[0]] == roofline(calibration, 2 * 64 * 64 * 4)
    assert "the time was up" in remarks[0]


def test_too_little_memory_leaves_the_roofline(graph: Parse):
    with collected() as remarks:
        estimate(request(graph(TWO), Limits(seconds=2, total_bytes=10_000)))
    assert "the model needs more than 10000 bytes" in remarks[0]


def test_results_are_freed_where_not_all_fit(graph: Parse):
    chain = "\n".join(
        f'%{"y" if i == 9 else i} = torch.call "torch.relu"(%{"x" if i == 0 else i - 1}) '
        f": ({T}) -> {T}"
        for i in range(10)
    ).replace("%0 ", "%v0 ")
    chain = chain.replace("%0)", "%v0)")
    with collected() as remarks:
        costs = estimate(
            request(graph(chain), Limits(seconds=2, total_bytes=4 * 64 * 64 * 4))
        ).costs
    assert remarks == []
    assert len(costs) == 10


def test_slowdown_grows_in_equal_steps():
    assert between_one_and(3, 1.5) == (1.0, 1.25, 1.5)
    assert between_one_and(2, 1.2) == (1.0, 1.2)
