"""Hostile names in everything that is written: clusters, layouts, batches, the styles, the map."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from sources import check_source
from test_names import CANARY, HOSTILE

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.styles import compile_style, load_style, write_styled

WAYS = {
    "fast": Options(workers=2, force_parallel=True),
    "plain batch": Options(workers=2, batch=2),
    "switched batch": Options(workers=2, batch=2, hyper="switched"),
    "module": Options(preset="faithful", style="module"),
    "script": Options(preset="faithful", style="script"),
}


def two_convolutions(text: str) -> ModelProto:
    """Two branches of a convolution and a Relu, with the text in every name."""
    generator = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(
            (generator.standard_normal((16, 16, 3, 3)) / 12).astype(np.float32), f"{side}.{text}"
        )
        for side in "lr"
    ]
    nodes = [
        node
        for side in "lr"
        for node in (
            helper.make_node(
                "Conv", [f"x{text}", f"{side}.{text}"], [f"c{side}{text}"], f"{text}/{side}"
            ),
            helper.make_node("Relu", [f"c{side}{text}"], [f"a{side}{text}"], f"/{side}/{text}"),
        )
    ]
    nodes.append(helper.make_node("Add", [f"al{text}", f"ar{text}"], [f"y{text}"], text))
    x = helper.make_tensor_value_info(f"x{text}", TensorProto.FLOAT, [1, 16, 12, 12])
    y = helper.make_tensor_value_info(f"y{text}", TensorProto.FLOAT, [1, 16, 10, 10])
    graph = helper.make_graph(nodes, text, [x], [y], weights, doc_string=text)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_names_are_data_however_a_model_is_written(text: str, way: str, tmp_path: Path) -> None:
    options, model, folder = WAYS[way], two_convolutions(text), tmp_path / "package"
    x = np.random.default_rng(1).standard_normal((options.batch, 16, 12, 12)).astype(np.float32)
    evaluator = ReferenceEvaluator(two_convolutions("plain"))
    rows: list[Any] = [next(iter(evaluator.run(None, {"xplain": row[None]}))) for row in x]
    if options.style == "clusters":
        compilation = compile_model(model, options, package=text[:500])
        write_package(compilation.program, folder)
        with import_package(folder).Model.load("serial") as compiled:
            found = compiled(torch.from_numpy(x))
    else:
        write_styled(compile_style(model, options, package=text[:500]), folder)
        with torch.no_grad():
            found = load_style(folder, options.style)(torch.from_numpy(x))
    torch.testing.assert_close(found.numpy(), np.concatenate(rows), rtol=1e-4, atol=1e-5)
    assert CANARY not in os.environ

    names = {"model.py"} | ({"_layouts.py"} if options.preset == "fast" else set[str]())
    for name in sorted(names):
        source = (folder / name).read_text(encoding="utf-8")
        check_source(source, "layouts" if name == "_layouts.py" else options.style)
        assert all(line.isprintable() for line in source.split("\n"))
    lines = json.loads((folder / "model.map.json").read_text(encoding="utf-8"))["lines"]
    assert lines and all(isinstance(entry["node"], str) for entry in lines.values())


@pytest.mark.parametrize("place", ["function", "domain", "folded weight", "many"])
def test_a_long_name_anywhere(place: str, tmp_path: Path) -> None:
    """100 KB: files stay files, lines stay lines."""
    long = "n" * 100_000
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17, "own": 1]> '
        "g (float[4] x) => (float[4] y) { y = own.f(x) } "
        '<domain: "own", opset_import: ["": 17]> f (a) => (b) { b = Relu(a) }'
    )
    domain = long if place in ("domain", "many") else "own"
    called = long if place in ("function", "many") else "f"
    model.graph.node[0].domain = model.functions[0].domain = domain
    model.graph.node[0].op_type = model.functions[0].name = called
    model.opset_import[1].domain = domain
    if place in ("folded weight", "many"):
        model.graph.initializer.append(numpy_helper.from_array(np.ones(4, np.float32), long))
        model.graph.node[0].output[0] = "v"
        model.graph.node.append(helper.make_node("Add", ["v", long], ["y"], long))
    write_package(compile_model(model, package="p").program, tmp_path / "p")
    check_source((tmp_path / "p" / "model.py").read_text(encoding="utf-8"))
    with import_package(tmp_path / "p").Model.load("serial") as compiled:
        found = compiled(torch.tensor([-1.0, 0, 1, 2]))
    added = 1 if place in ("folded weight", "many") else 0
    assert found.tolist() == [0 + added, 0 + added, 1 + added, 2 + added]
