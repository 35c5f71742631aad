"""Many nodes, many results, many graphs in each other: time and memory grow with the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bombs import chain, deep_names, ladder, nested_ifs, split, wide_sum
from limits import succeeds_in_child, within
from onnx import ModelProto

from ramiel.backend.package import package_files
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.frontend.load import load_model
from ramiel.options import Options

SCALE = 1 if os.environ.get("RAMIEL_STRESS") else 20
"""`make stress` has the sizes that docs/security.md names, `make test` a part of them."""
NODES, RESULTS = 100_000 // SCALE, 50_000 // SCALE
SECONDS, SECONDS_PER_NODE = 10, 0.002
"""Processor time that compiling may take."""
MEMORY, MEMORY_PER_NODE = 1 << 29, 1 << 14
"""Bytes that compiling may take beyond what the process has."""

LARGE: dict[str, Callable[[], ModelProto]] = {
    "a chain": lambda: chain(NODES),
    "a ladder": lambda: ladder("Add", "{last}", "{before}", rungs=NODES),
    "one node with many results": lambda: split(RESULTS),
    "modules in modules": lambda: deep_names(20, NODES // 10),
    "one node with as many inputs as are allowed": lambda: wide_sum(10_000),
}


def source_of(model: ModelProto) -> str:
    """The generated model.py."""
    options = Options(workers=2, cost_model="static")
    return package_files(compile_model(model, options).program)["model.py"]


def compile_large(name: str) -> None:
    """In a child: compile and print, within the limits."""
    model = LARGE[name]()
    with within(SECONDS + SECONDS_PER_NODE * NODES, MEMORY + MEMORY_PER_NODE * NODES):
        assert "class " in source_of(model)


@pytest.mark.parametrize("name", LARGE)
def test_time_and_memory_grow_with_the_model(name: str) -> None:
    succeeds_in_child(compile_large, name, timeout=None)


@pytest.mark.parametrize("depth", [31, 32])
def test_graphs_in_graphs(depth: int, tmp_path: Path) -> None:
    """31 are taken, the 32nd is refused: the model's own graph is one of them."""
    path = tmp_path / "deep.onnx"
    path.write_bytes(nested_ifs(depth))
    if depth < 32:
        assert source_of(load_model(path)).count("if c") >= depth
        return
    with pytest.raises(RamielError, match="32"):
        source_of(load_model(path))
