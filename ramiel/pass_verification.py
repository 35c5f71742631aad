"""`ramiel compile --verify`: every pass leaves what the user's model computes as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Pipeline, Progress, load, passes_of
from ramiel.errors import RamielError
from ramiel.operators.interpreter import run_graph
from ramiel.options import STYLES, Options
from ramiel.sampling import sample_inputs
from ramiel.styles import OUTLINE
from ramiel.tensors import from_torch, to_torch
from ramiel.verification import Reference, compare


def verify_passes(
    path: Path, options: Options, step: Progress, dims: Mapping[str, int] | None = None
) -> int:
    """Run the graph after each pass up to clustering, and compare it with the reference.

    Returns the number of passes.  Raises RamielError that names the first pass after which an
    output is out of tolerance.
    """
    pipeline = Pipeline(load(path))
    graph = _graph_of(pipeline)
    inputs = sample_inputs(graph, 0, dims)
    reference = Reference(path)
    expected = reference.run(inputs)
    tensors = [to_torch(array) for array in inputs.values()]
    passes = _passes(options)
    for name in passes:
        step(f"verifying {name}")
        pipeline.run(name)
        graph = _graph_of(pipeline)
        types = graph.function_type.outputs.data
        found = [
            from_torch(y, type) for y, type in zip(run_graph(graph, tensors), types, strict=True)
        ]
        names, tolerance = graph.result_names(), options.tolerance
        for difference in compare(names, name, found, expected, expected, tolerance):
            if not difference.ok:
                raise RamielError(
                    f"after {name}, output {difference.output!r} differs from {reference.name} by "
                    f"{difference.relative:.3g}, which is more than {tolerance:g}"
                )
    return len(passes)


def _graph_of(pipeline: Pipeline) -> GraphOp:
    return next(op for op in pipeline.module.ops if isinstance(op, GraphOp))


def _passes(options: Options) -> list[str]:
    """Those of the options' style, up to clustering."""
    if options.style != STYLES[0]:
        return [*passes_of(replace(options, portable=True)), *OUTLINE]
    return [*passes_of(options), "estimate-cost", "clone"]
