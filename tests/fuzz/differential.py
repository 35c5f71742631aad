"""Differential fuzzing: random valid graphs, compiled in random ways, agree with ONNX Runtime.

    python tests/fuzz/differential.py --graphs 5000
    python tests/fuzz/differential.py --graphs 200 --seed 7 --shrink

Each graph is compiled by two variants of the pipeline: passes left out, an algorithm, 1 to 4
workers, an executor.  A batch of graphs runs in a child, so that a crash is a finding.  Exits 1 if
there are findings; with --shrink hypothesis reduces the first one of each batch.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from graphs import models  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import ModelProto, printer  # noqa: E402

from ramiel.backend.package import write_package  # noqa: E402
from ramiel.backend.target import find_program  # noqa: E402
from ramiel.driver import Pipeline, load  # noqa: E402
from ramiel.loading import import_package  # noqa: E402
from ramiel.scheduling.algorithms import ALGORITHMS  # noqa: E402
from ramiel.tensors import Array  # noqa: E402
from ramiel.verification import call, compare  # noqa: E402

BATCH = 100
OPTIONAL = (
    *("infer-shapes", "canonicalize-onnx", "constant-fold", "cse", "dce", "infer-shapes"),
    *("canonicalize-onnx", "constant-fold", "cse", "dce", "fuse-batch-norm", "dce"),
)
"""Passes on ONNX operations, in their order: each may be left out."""


@dataclass(frozen=True)
class Variant:
    """One way to compile a model and run it."""

    passes: tuple[str, ...]
    algorithm: str
    workers: int
    executor: str


@st.composite
def variants(draw: Any) -> Variant:
    """Half of the variants have all passes."""
    everything = draw(st.booleans())
    chosen = tuple(p for p in OPTIONAL if everything or draw(st.booleans()))
    lowering = ("convert-onnx-to-torch", "outline-constants")
    after = tuple(p for p in ("cse", "dce") if everything or draw(st.booleans()))
    clone = ("clone",) if draw(st.booleans()) else ()
    duplicate = ("duplicate-tasks",) if draw(st.booleans()) else ()
    workers = draw(st.integers(1, 4))
    algorithm = draw(st.sampled_from(sorted(ALGORITHMS)))
    cluster = (f"cluster{{algorithm={algorithm} max-clusters={workers}}}", *duplicate)
    passes = ("upgrade-onnx", *chosen, *lowering, *after, "estimate-cost", *clone, *cluster)
    executor = draw(st.sampled_from(("serial", "threads", "threads")))
    return Variant(passes, algorithm, workers, executor)


def run_variant(model: ModelProto, variant: Variant, inputs: dict[str, Array]) -> list[Array]:
    """The outputs of the package that a variant writes."""
    pipeline = Pipeline(load(model))
    pipeline.run(variant.passes)
    folder = Path(tempfile.mkdtemp(prefix="ramiel-fuzz-"))
    before = set(sys.modules)
    try:
        write_package(find_program(pipeline.module), folder / "drawn")
        with import_package(folder / "drawn").Model.load(variant.executor) as compiled:
            return call(compiled, inputs)
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("_ramiel_package"):
                del sys.modules[name]
        shutil.rmtree(folder, ignore_errors=True)


def reference(model: ModelProto, inputs: dict[str, Array]) -> list[Array]:
    """What ONNX Runtime computes, on one core."""
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = runtime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, inputs)


def inputs_of(model: ModelProto) -> dict[str, Array]:
    """Normal numbers."""
    generator = np.random.default_rng(0)
    found: dict[str, Array] = {}
    for value in model.graph.input:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        found[value.name] = generator.standard_normal(shape).astype(np.float32)
    return found


def check(model: ModelProto, chosen: tuple[Variant, ...]) -> None:
    """Raises AssertionError if a variant disagrees with ONNX Runtime."""
    inputs = inputs_of(model)
    expected = reference(model, inputs)
    names = [value.name for value in model.graph.output]
    for variant in chosen:
        outputs = run_variant(model, variant, inputs)
        for difference in compare(names, variant.executor, outputs, expected, expected):
            assert difference.ok, (difference, variant)


def run_batch(number: int, count: int, shrink: bool, out: int) -> None:
    """Check graphs and write a line for each."""
    warnings.simplefilter("ignore")
    with os.fdopen(out, "w") as stream:

        def report(**facts: Any) -> None:
            print(json.dumps(facts), file=stream, flush=True)

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        )
        @given(models(), variants(), variants())
        def explore(model: ModelProto, first: Variant, second: Variant) -> None:
            try:
                check(model, (first, second))
            except Exception as error:
                text = "".join(traceback.format_exception_only(error)).strip()
                report(outcome="finding", error=text[:600], model=printer.to_text(model))
                if shrink:
                    raise
            else:
                report(outcome="agree", nodes=len(model.graph.node))

        try:
            explore()
        except BaseException:
            if not shrink:
                raise


def batch(number: int, count: int, shrink: bool) -> tuple[list[dict[str, Any]], int]:
    """What a child reports, and its wait status."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        status = 1
        try:
            run_batch(number, count, shrink, outlet)
            status = 0
        finally:
            os._exit(status)
    os.close(outlet)
    with os.fdopen(inlet) as stream:
        found = [json.loads(line) for line in stream]
    return found, os.waitpid(child, 0)[1]


def main() -> None:
    """Check graphs batch by batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrink", action="store_true")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    began, number = time.monotonic(), options.seed
    while counts["graphs"] < options.graphs:
        count = min(BATCH, options.graphs - counts["graphs"])
        found, status = batch(number, count, options.shrink)
        number += 1
        counts["graphs"] += len(found)
        for entry in found:
            counts[entry["outcome"]] += 1
            counts["nodes"] += entry.get("nodes", 0)
            if entry["outcome"] == "finding":
                print(f"FINDING in batch {number - 1}: {entry['error']}\n{entry['model']}")
        if status:
            counts["crash"] += 1
            print(f"CRASH in batch {number - 1}: wait status {status}")
        rate = counts["graphs"] / (time.monotonic() - began)
        print(f"{dict(counts)}, {rate:.1f} graphs a second", flush=True)
    sys.exit(1 if counts["finding"] or counts["crash"] else 0)


if __name__ == "__main__":
    main()
