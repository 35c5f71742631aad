"""Differential fuzzing: random valid graphs, compiled in random ways, agree with ONNX Runtime.

    python tests/fuzz/differential.py --graphs 5000
    python tests/fuzz/differential.py --graphs 200 --seed 7 --shrink

Each graph is compiled by two variants of the pipeline: a preset, passes left out, drawn costs, an
algorithm, 1 to 4 workers, several samples a call, a style, an executor.  A batch of graphs runs in
a child, so that a crash is a finding.  Exits 1 if there are findings; with --shrink hypothesis
reduces the first one of each batch.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import onnxruntime  # noqa: E402
from graphs import models  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import ModelProto, printer  # noqa: E402
from variants import Variant, joined, run_variant, samples_of, variants  # noqa: E402

from ramiel.tensors import Array  # noqa: E402
from ramiel.verification import compare, largest  # noqa: E402

BATCH = 100


def reference(model: ModelProto, inputs: Mapping[str, Array]) -> list[Array]:
    """What ONNX Runtime computes, on one core."""
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = runtime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, dict(inputs))


@st.composite
def cases(draw: Any) -> tuple[ModelProto, tuple[Variant, Variant]]:
    """A model and two ways to compile it: one in four for a batch, one in four of unknown sizes."""
    kind = draw(st.sampled_from(("sized", "sized", "batched", "unsized")))
    model = draw(models(batched=kind == "batched", sized=kind != "unsized"))
    sizes = [draw(st.integers(2, 4)) if kind == "batched" else 1 for _ in range(2)]
    first, second = (draw(variants(batch=size, sized=kind != "unsized")) for size in sizes)
    return model, (first, second)


NOISE = 1e-6
"""Values are of the order of 1: an output of less is the rounding of a difference that is 0."""


class NoReference(Exception):
    """ONNX Runtime does not run the model, or its result says nothing."""


def check(model: ModelProto, chosen: Sequence[Variant]) -> None:
    """Raises AssertionError if a variant disagrees with ONNX Runtime."""
    names = [value.name for value in model.graph.output]
    for variant in chosen:
        samples = samples_of(model, variant.batch)
        try:
            expected = joined(lambda sample: reference(model, sample), samples)
        except Exception as error:
            raise NoReference(str(error)[:300]) from error
        if any(0 < largest(output) < NOISE for output in expected):
            raise NoReference("an output is what rounding left of a difference")
        outputs = run_variant(model, variant, samples)
        for difference in compare(names, variant.executor, outputs, expected, expected):
            assert difference.ok, (difference, variant)


def describe(error: Exception) -> str:
    """An error, and where it comes from."""
    text = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{text[:900]} ({places})"


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
        @given(cases())
        def explore(case: tuple[ModelProto, tuple[Variant, Variant]]) -> None:
            model, chosen = case
            try:
                check(model, chosen)
            except NoReference as error:
                report(outcome="no reference", error=str(error))
            except Exception as error:
                described = f"{describe(error)}\n{chosen}"
                report(outcome="finding", error=described, model=printer.to_text(model))
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
            if entry["outcome"] == "no reference":
                print(f"batch {number - 1}: no reference: {entry['error']}")
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
