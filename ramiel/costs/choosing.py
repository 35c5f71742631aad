"""Which of several implementations is the fastest on this machine, each measured by itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ramiel.costs.kernels import MISSING, key_of, refusal_of, stand_in
from ramiel.costs.measurements import Measurements
from ramiel.costs.model import Limits
from ramiel.costs.pricing import arithmetic
from ramiel.costs.replayed import REPLAYED, replay_of
from ramiel.costs.side_by_side import side_by_side
from ramiel.dialects.dataflow import WeightOp
from ramiel.operators.evaluation import evaluate, expression_function
from ramiel.tensors import byte_size
from ramiel.transforms.candidates import MOST_PLAIN_FLOPS, PACKED, Candidate

SECONDS = 3.0
"""What measuring may take; what was not reached is chosen without."""
SECONDS_TO_CONFIRM = 0.5
"""For all that beat the first."""
SECONDS_EACH = 0.003
"""For one implementation at one width."""
CONFIRMATIONS = 2
"""How often what beats the first is measured again."""
GAIN = 1.04
"""By how much one must be faster to go before the first, which is usually the fastest."""


def fastest(
    choices: Sequence[Sequence[Candidate]],
    cores: int,
    recorded: bool = False,
    spare_bytes: float = math.inf,
) -> list[Candidate]:
    """Of each choice the candidate with the least product of times on 1 core and on all.

    What beats the first is measured again beside it: it may have met a quieter moment.
    `recorded`: as a recorded cluster replays it; `spare_bytes`: by how much weights may grow.
    """
    measuring = _Measuring(sorted({1, cores}), recorded)
    largest_first = sorted(choices, key=lambda items: -arithmetic(items[0].call))
    tried = [item for items in largest_first for item in items if _may_run(item, items[0])]
    measuring.measure([item for item in tried if not measuring.is_known(item)])
    chosen = [measuring.best(items) for items in choices]
    for _ in range(CONFIRMATIONS):
        pairs = zip(choices, chosen, strict=True)
        disputed = [(items[0], best) for items, best in pairs if best is not items[0]]
        again = [c for pair in disputed if any(map(measuring.is_new, pair)) for c in pair]
        if not again:
            break
        measuring.measure(again, SECONDS_TO_CONFIRM)
        chosen = [measuring.best(items) for items in choices]
    measuring.save()
    grown = afforded(list(zip(choices, chosen, strict=True)), measuring.gain, spare_bytes)
    return [
        best if best.extra_bytes == 0 or weight_of(best) in grown else measuring.best(_small(items))
        for items, best in zip(choices, chosen, strict=True)
    ]


def _small(items: Sequence[Candidate]) -> list[Candidate]:
    return [item for item in items if item.extra_bytes == 0]


def weight_of(candidate: Candidate) -> object:
    """The weight that it prepares."""
    return candidate.prepare.operands[0] if candidate.prepare is not None else None


def afforded(
    chosen: Sequence[tuple[Sequence[Candidate], Candidate]],
    gain: Callable[[Sequence[Candidate], Candidate], float],
    spare_bytes: float,
) -> set[object]:
    """The weights that may take more bytes: those that save the most time for each byte."""
    saved: dict[object, float] = {}
    extra: dict[object, int] = {}
    for items, best in chosen:
        if best.extra_bytes:
            weight = weight_of(best)
            saved[weight] = saved.get(weight, 0) + gain(items, best)
            extra[weight] = best.extra_bytes
    found: set[object] = set()
    for weight in sorted(saved, key=lambda weight: -saved[weight] / extra[weight]):
        if extra[weight] <= spare_bytes:
            spare_bytes -= extra[weight]
            found.add(weight)
    return found


class _Measuring:
    """The times of candidates by themselves, those that are known from before and new ones."""

    def __init__(self, widths: Sequence[int], recorded: bool) -> None:
        self._widths, self._recorded = widths, recorded
        self._measurements = Measurements.load()
        self._times = [self._measurements.at_width(width) for width in widths]
        self._new: set[str] = set()

    def is_known(self, candidate: Candidate) -> bool:
        """Whether its times at all widths are."""
        return all(self._key(candidate) in times for times in self._times)

    def is_new(self, candidate: Candidate) -> bool:
        """Whether it was measured here."""
        return self._key(candidate) in self._new

    def measure(self, candidates: Sequence[Candidate], seconds: float = SECONDS) -> None:
        """Keep the least times of candidates, as many as there is time for."""
        deadline = time.perf_counter() + seconds
        named = {self._key(candidate): candidate for candidate in candidates}
        if not named:
            return
        for left, (width, times) in enumerate(zip(self._widths, self._times, strict=True)):
            share = (deadline - time.perf_counter()) / (len(self._widths) - left)
            timing = _timing(named, time.perf_counter() + share, self._recorded)
            [found] = side_by_side([timing], width)
            times.update({key: min(ns, times.get(key, ns)) for key, ns in found.items()})
            self._new.update(found)

    def best(self, items: Sequence[Candidate]) -> Candidate:
        """The first, unless another one is faster by GAIN at each width, on average."""
        first, best = items[0], min(items, key=self._score)
        gain = GAIN ** len(self._widths)
        return best if self._score(best) * gain < self._score(first) < math.inf else first

    def gain(self, items: Sequence[Candidate], best: Candidate) -> float:
        """The ns by which it is faster on all cores than the first that takes no more bytes."""
        times = self._times[-1]
        other = self.best(_small(items))
        return times.get(self._key(other), 0) - times.get(self._key(best), 0)

    def save(self) -> None:
        """Keep what was measured here for later."""
        if self._new:
            self._measurements.save()

    def _score(self, candidate: Candidate) -> float:
        key = self._key(candidate)
        return math.prod(times.get(key, 0) for times in self._times) or math.inf

    def _key(self, candidate: Candidate) -> str:
        return f"{key_of(candidate.call)} alone{REPLAYED if self._recorded else ''}"


def _may_run(candidate: Candidate, first: Candidate) -> bool:
    """Whether it is worth trying, and within what may be run."""
    limits = Limits()
    size = sum(byte_size(operand.type) for operand in candidate.call.operands)
    if size > limits.result_bytes or refusal_of(candidate.call, limits) is not None:
        return False
    alike = first.prepare is not None and candidate.name in (candidate.call.key.data, *PACKED)
    return candidate is first or not alike or arithmetic(candidate.call) <= MOST_PLAIN_FLOPS


def _timing(
    candidates: dict[str, Candidate], deadline: float, recorded: bool
) -> Callable[[], dict[str, int]]:
    def run() -> dict[str, int]:
        times: dict[str, int] = {}
        for key, candidate in candidates.items():
            if time.perf_counter() > deadline:
                break
            try:
                function, operands = _prepared(candidate)
                with torch.inference_mode():
                    times[key] = _least_ns(function, operands, recorded)
            except (RuntimeError, ValueError, TypeError):
                times[key] = 0  # it does not run here
        return times

    return run


def _prepared(candidate: Candidate) -> tuple[Callable[..., Any], list[Any]]:
    """The call as a function, and operands of its types: pictures with their channels last."""
    call, prepare = candidate.call, candidate.prepare
    operands: list[Any] = []
    for value in call.operands:
        packed = prepare is not None and value.owner is prepare
        tensor = stand_in(prepare.operands[0] if prepare is not None and packed else value)
        if tensor is MISSING:
            raise ValueError("an operand's type is not known")
        if prepare is not None and packed:
            with torch.inference_mode(False), torch.no_grad():
                [tensor] = evaluate(prepare, [tensor])
        elif tensor.dim() == 4 and not isinstance(value.owner, WeightOp):
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        operands.append(tensor)
    return expression_function(call), operands


def _timed(function: Callable[..., Any], operands: Sequence[Any]) -> Callable[[], int]:
    def run() -> int:
        started = time.perf_counter_ns()
        function(*operands)
        return time.perf_counter_ns() - started

    return run


def _least_ns(function: Callable[..., Any], operands: Sequence[Any], recorded: bool) -> int:
    replay = replay_of(function, operands) if recorded else None
    timed = _timed(function, operands) if replay is None else replay
    first = timed()
    samples: list[int] = []
    deadline = time.perf_counter() + SECONDS_EACH
    while len(samples) < 3 or time.perf_counter() < deadline:
        samples.append(timed())
    return min(first, *samples)
