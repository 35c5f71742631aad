"""From a line of model.py back to the node of the ONNX model, across all passes."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from small_models import SMALL_MODELS

from ramiel.backend.package import MARK, write_package
from ramiel.driver import compile_model
from ramiel.options import Options


@pytest.mark.parametrize("name", sorted(SMALL_MODELS))
def test_every_line_that_computes_leads_to_a_node(name: str, tmp_path: Path) -> None:
    model = SMALL_MODELS[name]()
    file = tmp_path / f"{name}.onnx"
    onnx.save(model, file)
    nodes = {node.name or node.output[0] for node in model.graph.node}

    compilation = compile_model(file, Options(workers=2, force_parallel=True), package=name)
    write_package(compilation.program, tmp_path / name)

    lines = (tmp_path / name / "model.py").read_text().splitlines()
    mapped = json.loads((tmp_path / name / MARK).read_text())["lines"]
    assert mapped
    for number, origin in mapped.items():
        assert origin["node"] in nodes, (lines[int(number) - 1], origin)
    computing = {
        number
        for number, line in enumerate(lines, 1)
        if line.startswith("    ") and " = F." in line and not line.startswith("        ")
    }
    assert computing <= {int(number) for number in mapped}
