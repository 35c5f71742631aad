"""Kernels as a recorded cluster replays them: in memory laid out by lifetimes, without Python."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from xdsl.ir import SSAValue

from ramiel.costs.kernels import FAILURES, Inputs, Kernel, Runner
from ramiel.runtime.joins import joined
from ramiel.runtime.onednn import onednn
from ramiel.runtime.recorder import Recorder
from ramiel.runtime.recording import Recording
from ramiel.runtime.replay import Replay
from ramiel.runtime.replay_plan import Block

REPLAYED = " replayed"
"""What tells the times of recorded kernels from others."""
EMPTY_CALLS = 200
WHOLE_RUNS = 15


class ReplayedRunner(Runner):
    """Runs kernels as a replay does, and takes the time of each.

    The first run makes primitives, the second one is recorded; where a kernel cannot be, all run as
    the function would run them.
    """

    def __init__(self, kernels: Sequence[Kernel], inputs: Inputs, is_recorded: bool) -> None:
        """`is_recorded`: False for kernels that run as the function runs them."""
        super().__init__(kernels, inputs)
        self._records = is_recorded
        self._replay: Replay | None = None
        self._recording: Recording | None = None
        self._arguments: list[Tensor] = []
        self._owners: list[int] = []
        """The number of the kernel that each step is part of."""
        self._loop_ns = 0

    def run(self, deadline: float = float("inf")) -> list[int | None]:
        """The ns of each kernel; None for what was refused, failed or not begun in time."""
        if self._replay is not None:
            return self._replayed(self._replay)
        times = super().run(deadline)
        if self._records and None not in times and time.perf_counter() < deadline:
            self._records = False
            self._replay = self._record()
        return times

    def whole(self) -> float | None:
        """The median ns of all kernels in a row, as a replay runs them; None without a replay."""
        self.run()
        self.run()
        if self._recording is None:
            return None
        replay = Replay(self._recording, Block(self._recording))
        times: list[int] = []
        with torch.inference_mode():
            for _ in range(WHOLE_RUNS):
                times.append(sum(replay.times(self._arguments)))
        return statistics.median(times)

    def _replayed(self, replay: Replay) -> list[int | None]:
        with torch.inference_mode():
            steps = replay.times(self._arguments)
        times = [0] * len(self.kernels)
        for owner, ns in zip(self._owners, steps, strict=True):
            times[owner] += ns - self._loop_ns
        return [max(1, ns) for ns in times]

    def _record(self) -> Replay | None:
        """A replay of all kernels in a row; None if one of them does what cannot be replayed."""
        library, given = onednn(), self.given
        if library is None or given is None:
            return None
        values: dict[SSAValue, Any] = dict(given)
        graph = self.inputs.graph
        self._arguments = [values[argument] for argument in graph.arguments]
        weights = [v for key, v in values.items() if key not in graph.arguments]
        recorder = Recorder(self._arguments, [v for v in weights if isinstance(v, Tensor)])
        owners: list[int] = []
        try:
            with torch.inference_mode(), recorder.watching():
                for number, kernel in enumerate(self.kernels):
                    self._run_one(kernel, values)
                    owners += [number] * (len(recorder.recording.steps) - len(owners))
                    for value in kernel.last_uses:
                        values.pop(value, None)
            recorder.returned([values[value] for value in graph.output.values])
            if recorder.failure is not None:
                return None
            found = joined(recorder.recording, library, torch.get_num_threads())
            replay = Replay(found.recording, Block(found.recording), in_rows=False)
            self._loop_ns = _empty_call_ns(replay)
        except FAILURES:
            return None
        self._recording = found.recording
        self._owners = [owners[origin] for origin in found.origins]
        return replay


def _empty_call_ns(replay: Replay) -> int:
    """What the loop takes for no calls at all: a replay in rows has it once for many."""
    samples: list[int] = []
    for _ in range(EMPTY_CALLS):
        started = time.perf_counter_ns()
        replay.run_none()
        samples.append(time.perf_counter_ns() - started)
    return round(statistics.median(samples))


def replay_of(function: Callable[..., Any], operands: Sequence[Any]) -> Callable[[], int] | None:
    """One call, replayed: the ns that it takes; None where it cannot be.

    The operands are given in each call, except weights that are for one kernel.
    """
    function(*operands)
    given = [x for x in operands if type(x) is Tensor and x.layout == torch.strided]
    if onednn() is None:
        return None
    recorder = Recorder(given, [x for x in operands if not any(x is other for other in given)])
    with recorder.watching():
        result = function(*operands)
    recorder.returned(result)
    if recorder.failure is not None:
        return None
    replay = Replay(recorder.recording, Block(recorder.recording))
    return lambda: sum(replay.times(given))
