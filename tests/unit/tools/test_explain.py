"""`ramiel explain`: from lines of model.py to ONNX nodes, and back."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import ModelProto

from ramiel.tools.cli import main


def blocks() -> ModelProto:
    """Two blocks of one wiring and different widths."""
    model = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["": 17]>
        blocks (float[1,4] x) => (float[1,2] y)
          <float[4,3] a_w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[3,2] b_w = {1,2,3,4,5,6}>
        {
          a1 = MatMul (x, a_w)
          a2 = Relu (a1)
          a3 = Tanh (a2)
          a4 = Add (a3, a1)
          b1 = MatMul (a4, b_w)
          b2 = Relu (b1)
          b3 = Tanh (b2)
          y = Add (b3, b1)
        }
        """
    )
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("_", ".")
    for node in model.graph.node:
        node.input[:] = [name.replace("_", ".") for name in node.input]
        block = "a" if node.output[0].startswith("a") else "b"
        node.name = f"/{block}/{node.op_type}"
    return model


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The blocks in style module."""
    onnx.save(blocks(), tmp_path / "blocks.onnx")
    folder = tmp_path / "blocks"
    with pytest.raises(SystemExit, match="0"):
        main(["compile", str(tmp_path / "blocks.onnx"), "--style", "module", "-o", str(folder)])
    return folder


def test_a_line_names_the_node_in_each_module_and_a_node_its_line(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (package / "model.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "torch.relu(" in text)
    capsys.readouterr()
    with pytest.raises(SystemExit, match="0"):
        main(["explain", str(package), str(line)])
    shown = capsys.readouterr().out
    assert "  a: node /a/Relu\n" in shown and "  b: node /b/Relu\n" in shown
    with pytest.raises(SystemExit, match="0"):
        main(["explain", str(package), "/b/Relu"])
    assert capsys.readouterr().out == f"model.py line {line}: {lines[line - 1].strip()}\n"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("1", "line 1 is from no node"),
        ("9999", "no line 9999"),
        ("Tanh", "no line is from node 'Tanh'; there are: /a/Tanh, /b/Tanh"),
    ],
)
def test_places_that_are_none_are_refused(package: Path, place: str, message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        main(["explain", str(package), place])


def test_a_folder_without_a_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"is no package of Ramiel's"):
        main(["explain", str(tmp_path), "1"])
