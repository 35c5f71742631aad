"""Kernels timed as a recorded cluster replays them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ramiel.costs.calibration import Calibration, calibration_file, save
from ramiel.costs.kernels import Inputs, kernels_of
from ramiel.costs.measurements import Measurements
from ramiel.costs.model import Limits, Request
from ramiel.costs.profile import estimate
from ramiel.costs.replayed import ReplayedRunner, replay_of
from ramiel.dialects.dataflow import GraphOp
from ramiel.runtime.onednn import onednn

T = "tensor<64x64xf32>"
LINEAR = f"""%w = dataflow.constant dense<0.5> : {T}
%p = torch.prepare "operators.pack_linear"(%w) {{rows = 64}} : ({T}) -> {T}
%a = torch.call "operators.linear"(%x, %p) : ({T}, {T}) -> {T}
%b = torch.call "torch.sigmoid"(%a) : ({T}) -> {T}
%y = torch.call "torch.relu"(%b) : ({T}) -> {T}"""
PLAIN = f'%y = torch.call "torch.relu"(%x) : ({T}) -> {T}'

Parse = Callable[[str], GraphOp]
pytestmark = [
    pytest.mark.usefixtures("calibration"),
    pytest.mark.skipif(onednn() is None, reason="this PyTorch shows no oneDNN"),
]


def _runner(graph: GraphOp, is_recorded: bool = True) -> ReplayedRunner:
    return ReplayedRunner(kernels_of(graph, Limits()), Inputs(graph), is_recorded)


def test_each_kernel_has_a_time_in_each_run(graph: Parse) -> None:
    runner = _runner(graph(LINEAR))
    for _ in range(4):
        times = runner.run()
        assert len(times) == 3
        assert all(ns is not None and 0 < ns < 10**8 for ns in times)


def test_a_whole_replay_is_timed(graph: Parse) -> None:
    whole = _runner(graph(LINEAR)).whole()
    assert whole is not None
    assert 0 < whole < 10**8


def test_without_recording_there_is_no_whole_replay(graph: Parse) -> None:
    assert _runner(graph(LINEAR), is_recorded=False).whole() is None


def test_one_call_as_a_replay() -> None:
    x = torch.rand(1, 8, 4, 4)
    timed = replay_of(torch.relu, [x])
    assert timed is not None
    assert 0 < timed() < 10**8

    def reads(x: Tensor) -> Tensor:
        return x + float(x.sum())

    assert replay_of(reads, [x]) is None


def test_recorded_times_are_kept_apart_and_lanes_have_their_messages(
    graph: Parse, calibration: Calibration
) -> None:
    save(replace(calibration, linked_ns=100), calibration_file())
    for recorded in (False, True):
        parsed = graph(LINEAR)
        tasks = [op for op in parsed.block.ops if op.name == "torch.call"]
        found = estimate(Request(parsed, tasks, 2, limits=Limits(seconds=2), recorded=recorded))
        assert len(found.costs) == 3
        assert found.machine is not None
        assert found.machine.linked_ns == (100 if recorded else None)
    keys = Measurements.load().kernels
    assert sum(key.endswith(" replayed") for key in keys) == 3
    assert len(keys) == 6


def test_what_has_no_prepared_weights_is_timed_as_it_runs(graph: Parse) -> None:
    parsed = graph(PLAIN)
    tasks = [op for op in parsed.block.ops if op.name == "torch.call"]
    found = estimate(Request(parsed, tasks, 1, limits=Limits(seconds=2), recorded=True))
    assert found.machine is not None
    assert found.machine.linked_ns is None
    assert not any(key.endswith(" replayed") for key in Measurements.load().kernels)
