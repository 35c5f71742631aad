"""Every pass of every way to compile preserves what the small models compute."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from small_models import SMALL_MODELS
from xdsl.dialects.builtin import ModuleOp

from ramiel.dialects.dataflow import GraphOp
from ramiel.options import PRESETS, STYLES, Options
from ramiel.pass_verification import verify_passes
from ramiel.precision import BFLOAT16
from ramiel.tools.cli import main
from ramiel.transforms.fuse_linear import FuseLinear
from ramiel.universe import PASSES

AFTER_CLUSTERING = {
    *("cluster", "serialize", "merge-clusters", "duplicate-tasks", "hypercluster"),
    *("fuse-in-clusters", "record-clusters"),
}


@pytest.fixture(scope="module", params=SMALL_MODELS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model's file."""
    path = tmp_path_factory.mktemp("small") / f"{request.param}.onnx"
    onnx.save(SMALL_MODELS[request.param](), path)
    return path


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("style", STYLES[:2])
def test_each_pass_preserves_the_outputs(path: Path, style: str, preset: str) -> None:
    steps: list[str] = []
    verify_passes(path, Options(workers=2, preset=preset, style=style), steps.append)
    wanted = {"outline-blocks"} if style == "module" else {"estimate-cost", "clone"}
    assert wanted <= {step.split()[1].partition("{")[0] for step in steps}


def test_no_pass_is_forgotten(tmp_path: Path) -> None:
    onnx.save(SMALL_MODELS["towers"](), tmp_path / "towers.onnx")
    steps: list[str] = []
    for preset in PRESETS:
        for style in STYLES[:2]:
            options = Options(workers=2, preset=preset, style=style)
            verify_passes(tmp_path / "towers.onnx", options, steps.append)
    options = Options(workers=2, precision=BFLOAT16)
    verify_passes(tmp_path / "towers.onnx", options, steps.append)
    run = {step.split()[1].partition("{")[0] for step in steps}
    assert set(PASSES) - AFTER_CLUSTERING <= run


def test_compile_verify_writes_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(SMALL_MODELS["towers"](), tmp_path / "towers.onnx")
    command = ["compile", str(tmp_path / "towers.onnx"), "-o", str(tmp_path / "out"), "--verify"]
    with pytest.raises(SystemExit, match="0"):
        main(command)
    printed = capsys.readouterr().out
    assert "passes leaves the outputs as they are" in printed and "all within" in printed
    assert (tmp_path / "out" / "model.py").is_file()


def test_compile_verify_names_the_pass_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap_outputs(self: FuseLinear, ctx: object, op: ModuleOp) -> None:
        graph = next(inner for inner in op.ops if isinstance(inner, GraphOp))
        graph.output.operands = graph.output.operands[::-1]

    monkeypatch.setattr(FuseLinear, "apply", swap_outputs)
    onnx.save(SMALL_MODELS["towers"](), tmp_path / "towers.onnx")
    command = ["compile", str(tmp_path / "towers.onnx"), "-o", str(tmp_path / "out"), "--verify"]
    with pytest.raises(SystemExit, match="after fuse-linear, output 'click' differs from"):
        main(command)
    assert not (tmp_path / "out").exists()
