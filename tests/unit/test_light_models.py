"""Real topologies from the onnx package, all the way: each stage and both executors agree."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from stages import Case, case, run, stages, write

from ramiel.options import PRESETS

light: Any = importlib.import_module("light")


@pytest.fixture(scope="module", params=["squeezenet", "shufflenet", "inception_v1"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A light model with seeded weights."""
    name: str = request.param
    return case(light.filled(name), tmp_path_factory.mktemp("light") / f"{name}.onnx")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_stage_computes_the_same(model: Case, preset: str) -> None:
    for name, outputs in stages(model, preset):
        model.check(name, outputs)


@pytest.mark.parametrize("preset", PRESETS)
def test_package_computes_the_same(model: Case, preset: str, tmp_path: Path) -> None:
    package = write(model.path, preset, tmp_path)
    for executor in ("serial", "threads"):
        model.check(executor, run(package, model, executor))
