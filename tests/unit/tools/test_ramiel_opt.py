"""`ramiel-opt`: a flag for each pass, and reproducers for what should not happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramiel.tools.ramiel_opt import main
from ramiel.transforms.estimate_cost import EstimateCost
from ramiel.universe import PASSES

TEXT = """dataflow.graph @relu(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %y = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("/Relu")
  dataflow.output %y : tensor<4xf32>
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A graph of one operation."""
    file = tmp_path / "relu.mlir"
    file.write_text(TEXT)
    return file


@pytest.mark.parametrize("name", [*PASSES, "cse", "dce", "canonicalize"])
def test_every_pass_has_a_flag(source: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([f"--{name}", str(source)])
    assert "@relu" in capsys.readouterr().out


def test_every_pass_leaves_text_that_can_be_read_again(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*(f"--{name}" for name in PASSES), str(source)])
    first = capsys.readouterr().out
    again = tmp_path / "again.mlir"
    again.write_text(first)
    main([str(again)])
    assert capsys.readouterr().out == first
    assert 'loc("/Relu")' in first


def test_an_unexpected_failure_leaves_a_reproducer(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(EstimateCost, "apply", fail)
    with pytest.raises(SystemExit) as ended:
        main(["--cse", "--estimate-cost", str(source)])
    message = str(ended.value.code)
    assert message.startswith("ramiel-opt: ZeroDivisionError('division by zero'); reproducer: ")
    assert "\n" not in message

    reproducer = Path(message.rpartition(" ")[2])
    assert f"ramiel-opt -p 'cse,estimate-cost' {reproducer}" in reproducer.read_text()
    monkeypatch.undo()
    main(["-p", "cse,estimate-cost", str(reproducer)])
    assert "cost = [4004]" in capsys.readouterr().out
    reproducer.unlink()


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "gone.mlir")])
    assert "gone.mlir" in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def refusal(file: Path) -> str:
    """What the tool ends with."""
    with pytest.raises(SystemExit) as ended:
        main([str(file)])
    return str(ended.value.code)


def test_a_text_that_nests_too_deeply_is_refused_at_its_line(tmp_path: Path) -> None:
    conditional = "%y = onnx.If(%p) : (tensor<i1>) -> tensor<4xf32> else_branch {\n"
    file = tmp_path / "deep.mlir"
    file.write_text(
        "dataflow.graph @deep(%p : tensor<i1>) -> (tensor<4xf32>) {\n" + conditional * 2000
    )
    place, line, *_, message = refusal(file).rstrip().split("\n")
    assert place.startswith(f"{file}:") and line == conditional.rstrip()
    assert message.strip() == "is nested too deeply"


def test_a_type_that_nests_too_deeply_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deep.mlir"
    file.write_text(f"dataflow.graph @deep(%x : {'tuple<' * 20_000}f32{'>' * 20_000}) -> () {{ }}")
    assert "is nested too deeply" in refusal(file)


def test_a_text_is_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "latin.mlir"
    file.write_bytes(TEXT.replace("/Relu", "/Rélu").encode("latin-1"))
    assert refusal(file) == f"ramiel-opt: {file}:2: no UTF-8: invalid continuation byte"
