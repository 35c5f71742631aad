"""Ways through the compiler, drawn at random: passes, costs, clustering, batch, style, executor."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import ModelProto

from ramiel.backend.package import write_package
from ramiel.backend.target import find_program
from ramiel.batches import join_inputs, join_outputs
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Pipeline, load, passes_of
from ramiel.loading import import_package
from ramiel.options import HYPER, PRESETS, STYLES, Options
from ramiel.scheduling.algorithms import MOLDABLE, NAMES
from ramiel.styles import OUTLINE, StyledModel, run_style, write_styled
from ramiel.tensors import Array
from ramiel.transforms.estimate_cost import attach, tasks_without_cost
from ramiel.verification import call

NEEDED = ("upgrade-onnx", "convert-onnx-to-torch", "outline-constants")
"""Passes that nothing compiles without."""
CORES = 2
"""Costs are drawn for up to so many."""
Run = Callable[[Mapping[str, Array]], list[Array]]
"""From inputs to outputs."""


@dataclass(frozen=True)
class Variant:
    """One way to compile a model and run it."""

    passes: tuple[str, ...]
    """Up to clustering."""
    style: str
    costs: int | None
    """What the costs are drawn from; None: those of the static model."""
    clustering: tuple[str, ...]
    batch: int
    executor: str


@st.composite
def variants(draw: Any, batch: int = 1, sized: bool = True) -> Variant:
    """Half of the variants have all passes of their preset; a batch is for clusters alone.

    Where sizes are not known, Scan is lowered only after infer-shapes.
    """
    needed = NEEDED if sized else (*NEEDED, "infer-shapes")
    styles = (*STYLES, *(STYLES[0],) * 5) if batch == 1 else STYLES[:1]
    style = draw(st.sampled_from(styles))
    portable = style != STYLES[0] or draw(st.booleans())
    options = Options(preset=draw(st.sampled_from(PRESETS)), portable=portable)
    everything = draw(st.booleans())
    passes = tuple(
        name for name in passes_of(options) if name in needed or everything or draw(st.booleans())
    )
    costs = draw(st.one_of(st.none(), st.integers(0, 1 << 16)))
    executor = draw(st.sampled_from(("serial", *("threads",) * 18, "processes")))
    return Variant(passes, style, costs, draw(clusterings(batch)), batch, executor)


@st.composite
def clusterings(draw: Any, batch: int) -> tuple[str, ...]:
    """Passes from a graph with costs to a task program."""
    workers = draw(st.integers(1, 4))
    names = [name for name in NAMES if batch == 1 or name != MOLDABLE]
    algorithm = draw(st.sampled_from(names))
    clone = ("clone",) if draw(st.booleans()) else ()
    if algorithm == MOLDABLE:
        return (*clone, f"cluster{{algorithm={MOLDABLE} max-clusters={workers}}}")
    passes = [f"cluster{{algorithm={algorithm} max-clusters={workers}}}"]
    if draw(st.booleans()):
        passes = [f"cluster{{algorithm={algorithm}}}", f"merge-clusters{{max-clusters={workers}}}"]
    if draw(st.booleans()):
        passes.append("duplicate-tasks")
    if draw(st.integers(0, 7)) == 0:
        passes.append(f"serialize{{width={draw(st.integers(1, CORES))}}}")
    if batch != 1:
        switched = str(draw(st.sampled_from(HYPER)) == HYPER[1]).lower()
        passes[-1:] = [p for p in passes[-1:] if not p.startswith("serialize")]
        passes.append(f"hypercluster{{batch={batch} switched={switched}}}")
    return (*clone, *passes)


def draw_costs(graph: GraphOp, seed: int) -> None:
    """Put any costs on the tasks: some gain from a second core, some from none."""
    chance = random.Random(seed)
    attach(
        {
            op: [cost, int(cost * chance.uniform(0.5, 1.1))]
            for op in tasks_without_cost(graph)
            for cost in [int(10 ** chance.uniform(3, 7))]
        }
    )


def run_variant(
    model: ModelProto, variant: Variant, samples: Sequence[Mapping[str, Array]]
) -> list[Array]:
    """The outputs of what a variant writes, on a batch of samples."""
    pipeline = Pipeline(load(model))
    pipeline.run(variant.passes)
    folder = Path(tempfile.mkdtemp(prefix="ramiel-fuzz-"))
    before = set(sys.modules)
    try:
        if variant.style != STYLES[0]:
            return run_styled(pipeline, variant, folder / "drawn", samples[0])
        return run_clusters(pipeline, variant, folder / "drawn", samples)
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("_ramiel_package"):
                del sys.modules[name]
        shutil.rmtree(folder, ignore_errors=True)


def run_styled(
    pipeline: Pipeline, variant: Variant, folder: Path, inputs: Mapping[str, Array]
) -> list[Array]:
    """The outputs of an nn.Module, or of a script."""
    pipeline.run(OUTLINE)
    styled = StyledModel(pipeline.module, variant.style)
    write_styled(styled, folder)
    types = styled.graph.function_type.outputs.data
    return run_style(folder, variant.style, list(inputs.values()), types)


def run_clusters(
    pipeline: Pipeline, variant: Variant, folder: Path, samples: Sequence[Mapping[str, Array]]
) -> list[Array]:
    """The outputs of a package of clusters."""
    if variant.costs is not None:
        graph = next(op for op in pipeline.module.ops if isinstance(op, GraphOp))
        draw_costs(graph, variant.costs)
    pipeline.run(("estimate-cost", *variant.clustering))
    program = find_program(pipeline.module)
    write_package(program, folder)
    inputs = join_inputs(program, samples) if variant.batch != 1 else samples[0]
    with import_package(folder).Model.load(variant.executor) as compiled:
        return call(compiled, inputs)


def samples_of(model: ModelProto, count: int) -> list[dict[str, Array]]:
    """Normal numbers, other ones for each sample."""
    generator = np.random.default_rng(0)
    shapes = {
        entry.key: [int(size) for size in entry.value.split()] for entry in model.metadata_props
    }
    return [
        {
            name: generator.standard_normal(shape).astype(np.float32)
            for name, shape in shapes.items()
        }
        for _ in range(count)
    ]


def joined(run: Run, samples: Sequence[Mapping[str, Array]]) -> list[Array]:
    """What each sample gives alone, joined as a batch is."""
    return join_outputs([run(sample) for sample in samples])
