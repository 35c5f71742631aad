"""Small models all the way: each stage and both executors compute what ONNX Runtime computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_models import SMALL_MODELS
from stages import Case, case, run, stages, write

from ramiel.options import PRESETS


@pytest.fixture(scope="module", params=SMALL_MODELS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A small model."""
    name: str = request.param
    return case(SMALL_MODELS[name](), tmp_path_factory.mktemp("small") / f"{name}.onnx")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_stage_computes_the_same(model: Case, preset: str) -> None:
    for name, outputs in stages(model, preset):
        model.check(name, outputs)


@pytest.mark.parametrize("preset", PRESETS)
def test_package_computes_the_same(model: Case, preset: str, tmp_path: Path) -> None:
    package = write(model.path, preset, tmp_path)
    for executor in ("serial", "threads"):
        model.check(executor, run(package, model, executor))
