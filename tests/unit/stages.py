"""Takes a model all the way through the compiler, compared with ONNX Runtime at every step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto

from ramiel.backend.package import write_package
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Pipeline, compile_model, load, passes_of
from ramiel.loading import import_package
from ramiel.operators.interpreter import run_graph
from ramiel.options import Options
from ramiel.sampling import sample_inputs
from ramiel.tensors import Array, from_torch, to_torch
from ramiel.verification import Reference, call, compare


@dataclass(frozen=True, repr=False)
class Case:
    """A model with an input, what it must give, and what it gives on another input."""

    path: Path
    names: Sequence[str]
    """Of the outputs."""
    inputs: dict[str, Array]
    expected: Sequence[Array]
    other: Sequence[Array]

    def check(self, where: str, outputs: Sequence[Array]) -> None:
        """Assert that outputs are the expected ones, and that those depend on the input."""
        for found in compare(self.names, where, outputs, self.expected, self.other):
            assert found.variation > 1e-3, found
            assert found.ok, found


def graph_of(module: Any) -> GraphOp:
    """The one graph of a module."""
    return next(op for op in module.ops if isinstance(op, GraphOp))


def case(model: ModelProto, path: Path) -> Case:
    """Write a model to a file, and run the reference on it."""
    onnx.save(model, path)
    graph = graph_of(load(path))
    first, second = (sample_inputs(graph, seed) for seed in (0, 1))
    reference = Reference(path)
    assert reference.name == "onnxruntime"
    names = [value.name for value in model.graph.output]
    return Case(path, names, first, reference.run(first), reference.run(second))


def stages(case: Case, preset: str) -> Iterator[tuple[str, list[Array]]]:
    """Each pass in the order of the preset, and what the graph after it gives."""
    pipeline = Pipeline(load(case.path))
    tensors = [to_torch(array) for array in case.inputs.values()]
    for name in ("lift", *passes_of(Options(preset=preset)), "estimate-cost", "clone"):
        if name != "lift":
            pipeline.run(name)
        outputs = run_graph(graph_of(pipeline.module), tensors)
        yield name, [from_torch(output) for output in outputs]


def write(model: Path, preset: str, folder: Path) -> Path:
    """The folder of the model's package, parallel whether or not that pays."""
    options = Options(workers=2, preset=preset, force_parallel=True)
    compilation = compile_model(model, options, package=model.stem)
    write_package(compilation.program, folder / model.stem)
    return folder / model.stem


def run(package: Path, case: Case, executor: str) -> list[Array]:
    """What the package computes."""
    with import_package(package).Model.load(executor=executor) as model:
        return call(model, case.inputs)
