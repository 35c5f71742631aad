"""Clusters call a function for blocks that differ only in their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import ModelProto, helper, numpy_helper

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options


def blocks(count: int) -> ModelProto:
    """Equal blocks in a row: 1x1 convolution, activation, square, sum with the block's input."""
    nodes: list[Any] = []
    weights: list[Any] = []
    generator = torch.Generator().manual_seed(0)
    for index in range(count):
        place, x, y = f"/blocks/blocks.{index}", f"x{index}", f"x{index + 1}"
        names = {"conv": f"blocks.{index}.conv.weight"}
        weight = torch.randn(4, 4, 1, 1, generator=generator).numpy() / 4
        weights.append(numpy_helper.from_array(weight, names["conv"]))
        for operator, reads, result, inner in (
            ("Conv", [x, names["conv"]], "c", "/conv"),
            ("Tanh", ["c"], "t", ""),
            ("Mul", ["t", "t"], "m", ""),
        ):
            inputs = [read if read in (x, names["conv"]) else f"{read}{index}" for read in reads]
            name = f"{place}{inner}/{operator}"
            nodes.append(helper.make_node(operator, inputs, [f"{result}{index}"], name=name))
        nodes.append(helper.make_node("Add", [f"m{index}", x], [y], name=f"{place}/Add"))
    shape = [1, 4, 5, 5]
    ends = [helper.make_tensor_value_info(f"x{i}", 1, shape) for i in (0, count)]
    graph = helper.make_graph(nodes, "rows", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def package(tmp_path: Path) -> Any:
    """The package of four blocks, in one cluster."""
    options = Options(workers=1, preset="faithful", cost_model="static")
    write_package(compile_model(blocks(4), options, package="rows").program, tmp_path / "rows")
    return import_package(tmp_path / "rows")


def test_a_chain_of_blocks_is_a_loop_over_a_function(package: Any) -> None:
    text = (package.Model.folder() / "model.py").read_text()
    assert "def run_block(module: str, x: Tensor, w: Weights) -> Tensor:" in text
    assert "    for index in range(4):\n" in text
    assert 'run_block(f"blocks.{index}", ' in text
    x = torch.randn(1, 4, 5, 5)
    with package.Model.load("serial") as model:
        found = model(x)
    for index in range(4):
        weight = numpy_helper.to_array(blocks(4).graph.initializer[index])
        x = torch.tanh(torch.nn.functional.conv2d(x, torch.tensor(weight))) ** 2 + x
    torch.testing.assert_close(found, x)


def test_an_error_in_a_function_names_the_node_of_the_module_that_it_was_called_with(
    package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(4))
    real = torch.tanh

    def failing(x: torch.Tensor) -> torch.Tensor:
        if next(calls) == 2:
            raise ArithmeticError("the third")
        return real(x)

    with package.Model.load("serial") as model:
        monkeypatch.setattr(torch, "tanh", failing)
        with pytest.raises(Exception, match="the third") as caught:
            model(torch.randn(1, 4, 5, 5))
    assert "/blocks/blocks.2/Tanh" in str(caught.value)
