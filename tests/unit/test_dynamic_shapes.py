"""One compiled model runs at several batch sizes and lengths, and computes with Python integers."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from dynamic_models import SIZES, dynamic_model
from stages import graph_of, write

from ramiel.driver import load
from ramiel.loading import import_package
from ramiel.options import PRESETS
from ramiel.sampling import sample_inputs
from ramiel.verification import Reference, call, compare

LINES = {
    "attention": [
        "length = ids.shape[1]",
        'numbers = w["positions"][:, :length]',
        "query_heads = queries.reshape(batch, length, 4, 6)",
        "joined = by_length.reshape(",
    ],
    "patches": ['class_tokens = w["token"].expand(batch, -1, -1)'],
    "grid": [
        "rows = torch.arange(height)",
        "column_grid = columns.expand(height, -1)",
        "y = last.reshape(batch, -1, 3)",
    ],
    "packed": ["rounded = x_dim1 // 2", "half = x[:, :rounded]"],
    "recurrent": ["state = torch.full((1, batch, 5), 0.5)"],
    "windows": ["height_pad = height_left % 2", "padded = F.pad("],
}


@pytest.mark.parametrize("name", SIZES)
def test_one_package_runs_at_three_sizes(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    onnx.save(dynamic_model(name), path)
    reference, graph = Reference(path), graph_of(load(path))
    package = write(path, "fast", tmp_path)
    model = import_package(package).Model
    for sizes in SIZES[name]:
        first, second = (sample_inputs(graph, seed, sizes) for seed in (0, 1))
        expected, other = reference.run(first), reference.run(second)
        for executor in ("serial", "threads"):
            with model.load(executor=executor) as loaded:
                outputs = call(loaded, first)
            for found in compare(model.outputs, executor, outputs, expected, other):
                assert found.ok, (sizes, found)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", SIZES)
def test_generated_code_computes_with_integers(name: str, preset: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    onnx.save(dynamic_model(name), path)
    code = (write(path, preset, tmp_path) / "model.py").read_text(encoding="utf-8")
    for line in LINES[name]:
        assert f"    {line}" in code
    assert ".tolist()" not in code
    assert "int64)" not in code
