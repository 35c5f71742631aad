"""A calibration of round numbers, and a graph as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import Universe

from ramiel.costs.calibration import Calibration, ExecutorCosts, save
from ramiel.dialects.dataflow import GraphOp


@pytest.fixture
def calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calibration:
    """Of this machine, for as long as the test runs; the cache is a folder of its own."""
    threads = ExecutorCosts(8_000, 0.5, 1_000, 2_000, 0.25, 30_000, 5_000, {"64": 8_000})
    found = Calibration(
        "round numbers",
        "any",
        [100.0, 200.0],
        [10.0, 16.0],
        1_000,
        [1.0, 1.25],
        {"threads": threads},
    )
    monkeypatch.setenv("RAMIEL_CALIBRATION", str(tmp_path / "calibration.json"))
    monkeypatch.setenv("RAMIEL_CACHE", str(tmp_path / "cache"))
    save(found, tmp_path / "calibration.json")
    return found


@pytest.fixture
def graph() -> Callable[[str], GraphOp]:
    """Parses the body of a graph of %x : tensor<64x64xf32> that returns %y of the same type."""

    def parse(body: str) -> GraphOp:
        context = Context()
        for name, factory in Universe.get_multiverse().all_dialects.items():
            context.register_dialect(name, factory)
        type = "tensor<64x64xf32>"
        text = (
            f"dataflow.graph @g(%x : {type}) -> ({type}) "
            f"{{\n{body}\ndataflow.output %y : {type}\n}}"
        )
        module = Parser(context, text).parse_module()
        module.verify()
        return next(op for op in module.ops if isinstance(op, GraphOp))

    return parse
