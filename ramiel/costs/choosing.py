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
from ramiel.costs.replayed import REPLAYED, replay_of
from ramiel.costs.side_by_side import side_by_side
from ramiel.dialects.dataflow import WeightOp
from ramiel.operators.evaluation import evaluate, expression_function
from ramiel.tensors import byte_size
from ramiel.transforms.candidates import MOST_PLAIN_FLOPS, Candidate

SECONDS = 3.0
"""What measuring may take; what was not reached is chosen without."""
SECONDS_EACH = 0.003
"""For one implementation at one width."""
GAIN = 1.04
"""By how much one must be faster to go before the first, which is usually the fastest."""


def fastest(
    choices: Sequence[Sequence[Candidate]], cores: int, recorded: bool = False
) -> list[Candidate]:
    """Of each choice the candidate with the least product of times on 1 core and on all.

    `recorded`: as a recorded cluster replays it.
    """
    measurements = Measurements.load()
    deadline = time.perf_counter() + SECONDS
    widths = sorted({1, cores})
    measured = False
    for width in widths:
        known = measurements.at_width(width)
        missing: dict[str, Candidate] = {}
        for candidate in (item for items in choices for item in items if _may_run(item, items[0])):
            key = _key(candidate, recorded)
            if key not in known and key not in missing:
                missing[key] = candidate
        if missing:
            share = (deadline - time.perf_counter()) / (len(widths) - widths.index(width))
            timing = _timing(missing, time.perf_counter() + share, recorded)
            known.update(side_by_side([timing], width)[0])
            measured = True
    if measured:
        measurements.save()

    at_widths = [measurements.at_width(width) for width in widths]

    def score(candidate: Candidate) -> float:
        key = _key(candidate, recorded)
        return math.prod(times.get(key, 0) for times in at_widths) or math.inf

    return [_best(items, score, GAIN ** len(widths)) for items in choices]


def _best(
    items: Sequence[Candidate], score: Callable[[Candidate], float], gain: float
) -> Candidate:
    first, best = items[0], min(items, key=score)
    return best if score(best) * gain < score(first) < math.inf else first


def _may_run(candidate: Candidate, first: Candidate) -> bool:
    """Whether it is worth trying, and within what may be run."""
    limits = Limits()
    size = sum(byte_size(operand.type) for operand in candidate.call.operands)
    if size > limits.result_bytes or refusal_of(candidate.call, limits) is not None:
        return False
    flops = candidate.call.callee.flops
    plain = candidate.prepare is None and first.prepare is not None
    return not plain or flops is None or flops(candidate.call) <= MOST_PLAIN_FLOPS


def _key(candidate: Candidate, recorded: bool) -> str:
    return f"{key_of(candidate.call)} alone{REPLAYED if recorded else ''}"


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
    for _ in range(3):
        timed()
    samples: list[int] = []
    deadline = time.perf_counter() + SECONDS_EACH
    while len(samples) < 3 or time.perf_counter() < deadline:
        samples.append(timed())
    return min(samples)
