"""choose-kernels: what is measured decides, and what a file of costs says goes before that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.universe import Universe

from ramiel.costs import choosing
from ramiel.costs.cost_file import costs_text, read_kernels
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.errors import RamielError
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.transforms import choose_kernels
from ramiel.transforms.candidates import Candidate, candidates_of
from ramiel.transforms.choose_kernels import ChooseKernels

TEXT = """
dataflow.graph @g(%x : tensor<1x64x28x28xf32>) -> (tensor<1x64x28x28xf32>)
    attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<64x64x1x1xf32>
  %p = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 64, 28, 28]}
    : (tensor<64x64x1x1xf32>) -> tensor<64x64x1x1xf32>
  %l = torch.call "channels_last"(%x) : (tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  %y = torch.call "operators.conv2d"(%l, %p)
    : (tensor<1x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x28x28xf32> loc("/conv")
  dataflow.output %y : tensor<1x64x28x28xf32>
}
"""


def parsed(text: str = TEXT) -> tuple[Context, ModuleOp]:
    """A convolution, usually with filters of 1x1."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context, Parser(context, text).parse_module()


@dataclass(frozen=True)
class Growing(Candidate):
    """A candidate that takes so many bytes more."""

    grows_by: int = 0

    @property
    def extra_bytes(self) -> int:
        return self.grows_by


def graph_of(module: ModuleOp) -> GraphOp:
    [graph] = (op for op in module.ops if isinstance(op, GraphOp))
    return graph


def layout(module: ModuleOp) -> str | None:
    """What lays out the weight that the convolution reads."""
    calls = [op for op in graph_of(module).block.ops if isinstance(op, CallOp)]
    weight = calls[-1].operands[1].owner
    return weight.key.data if isinstance(weight, PrepareOp) else None


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing measured before counts."""
    monkeypatch.setenv("RAMIEL_CACHE", str(tmp_path / "cache"))


def times_by(fast: str | None) -> Callable[..., int]:
    """Instead of a clock: one layout takes 1 µs, the others 2."""

    def least(function: Callable[..., Any], operands: list[Any], recorded: bool) -> int:
        weight = operands[1]
        packed = "operators.pack_conv2d"
        if type(weight) is PrimitiveWeight:
            packed = f"operators.conv2d_{weight.kernels.replace('onednn', 'primitive')}"
        is_packed = weight.is_mkldnn or type(weight) is PrimitiveWeight
        return 1000 if fast == (packed if is_packed else None) else 2000

    return least


LAYOUTS = ["operators.conv2d_product", "operators.conv2d_primitive", "operators.pack_conv2d"]


@pytest.mark.parametrize("fast", [None, *LAYOUTS])
def test_what_was_measured_as_the_fastest_is_taken(
    fast: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "_least_ns", times_by(fast))
    context, module = parsed()
    ChooseKernels(measure=True, cores=2).apply(context, module)
    module.verify()
    assert layout(module) == fast


LARGER = (
    TEXT.replace("64x64x1x1", "64x64x3x3")
    .replace("28]}\n    : (", "28], padding = 1}\n    : (")
    .replace("(%l, %p)", "(%l, %p) {padding = 1}")
)
"""The same with filters of 3x3."""


@pytest.mark.parametrize("fast", ["operators.conv2d_primitive", "operators.conv2d_winograd"])
def test_minimal_filtering_is_one_of_them(fast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_least_ns", times_by(fast))
    context, module = parsed(LARGER)
    ChooseKernels(measure=True, cores=2).apply(context, module)
    module.verify()
    assert layout(module) == fast


def test_it_is_not_taken_where_weights_would_grow_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choosing, "_least_ns", times_by("operators.conv2d_winograd"))
    monkeypatch.setattr(choose_kernels, "SPARE_BYTES", 1 << 18)
    context, module = parsed(LARGER)
    ChooseKernels(measure=True, cores=2).apply(context, module)
    assert layout(module) == "operators.conv2d_primitive"


def test_what_saves_the_most_time_for_its_bytes_is_afforded() -> None:
    kinds = {"slow": (9_000, 4), "good": (6_000, 2), "small": (1_000, 1)}
    gains: dict[int, int] = {}
    chosen: list[tuple[list[Candidate], Candidate]] = []
    weights: dict[str, object] = {}
    for name, (ns, mebibytes) in kinds.items():
        _, module = parsed(LARGER)
        call = [op for op in graph_of(module).block.ops if isinstance(op, CallOp)][-1]
        _, best, *_ = items = candidates_of(call, channels_last=True)
        assert best.name == "operators.conv2d_winograd"
        growing = Growing(best.call, best.prepare, mebibytes << 20)
        chosen.append((items, growing))
        gains[id(growing)], weights[name] = ns, choosing.weight_of(best)

    def gain(_: object, best: Candidate) -> float:
        return gains[id(best)]

    for spare, expected in ((7, ["slow", "good", "small"]), (3, ["good", "small"]), (2, ["good"])):
        found = choosing.afforded(chosen, gain, spare << 20)
        assert found == {weights[name] for name in expected}


def test_what_was_faster_in_a_quiet_moment_only_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, seen = times_by("operators.pack_conv2d"), set[bool]()

    def least(function: Callable[..., Any], operands: list[Any], recorded: bool) -> int:
        is_first = type(operands[1]) is PrimitiveWeight
        disturbed = is_first and is_first not in seen
        seen.add(is_first)
        return 4000 if disturbed else 1000 if is_first else usual(function, operands, recorded)

    monkeypatch.setattr(choosing, "_least_ns", least)
    context, module = parsed()
    ChooseKernels(measure=True, cores=1).apply(context, module)
    assert layout(module) == "operators.conv2d_product"


def test_a_second_time_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_least_ns", times_by(None))
    ChooseKernels(measure=True, cores=2).apply(*parsed())
    monkeypatch.setattr(choosing, "_least_ns", times_by("operators.pack_conv2d"))
    context, module = parsed()
    ChooseKernels(measure=True, cores=2).apply(context, module)
    assert layout(module) is None


@pytest.mark.parametrize("recorded", [False, True])
def test_kernels_that_run_here_are_measured(recorded: bool) -> None:
    context, module = parsed()
    ChooseKernels(measure=True, cores=1, recorded=recorded).apply(context, module)
    module.verify()
    times = choosing.Measurements.load().kernels
    assert len(times) == 4
    assert all(found["1"] > 0 for found in times.values())
    assert all(key.endswith(" replayed") == recorded for key in times)


def test_the_choice_of_a_file_of_costs_is_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    for wanted in LAYOUTS:
        context, module = parsed()
        operation = {"node": "/conv", "operation": "operators.conv2d", "layout": wanted}
        file.write_text(json.dumps({"version": 1, "operations": [operation]}))
        ChooseKernels(costs=str(file)).apply(context, module)
        assert layout(module) == wanted


def test_what_was_chosen_stays_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    context, module = parsed()
    ChooseKernels().apply(context, module)
    monkeypatch.setattr(choosing, "_least_ns", times_by("operators.pack_conv2d"))
    ChooseKernels(measure=True, cores=1).apply(context, module)
    assert layout(module) == "operators.conv2d_product"


def test_a_file_of_costs_says_what_was_chosen(tmp_path: Path) -> None:
    context, module = parsed()
    ChooseKernels().apply(context, module)
    tasks = [op for op in graph_of(module).block.ops if isinstance(op, CallOp)]
    file = tmp_path / "costs.json"
    file.write_text(costs_text([(op, [1]) for op in tasks], None, "static"))
    assert read_kernels(file)["/conv"] == {"operators.conv2d_product"}


@pytest.mark.parametrize("content", ["[]", "{}", '{"version": 1, "operations": [1]}'])
def test_a_file_that_holds_no_costs_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    file.write_text(content)
    with pytest.raises(RamielError, match=r"is no file of costs|is damaged"):
        ChooseKernels(costs=str(file)).apply(*parsed())
