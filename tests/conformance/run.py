"""ONNX's own backend tests through Ramiel, each in a process of its own.

    python tests/conformance/run.py              # run, compare with passing.txt, write the report
    python tests/conformance/run.py --update     # also let passing.txt be what passes now
    python tests/conformance/run.py --baked      # tests of one node, operands as initializers

Exits 1 if a test of passing.txt does not pass any more, or if a result is wrong.
"""

from __future__ import annotations

import argparse
import os
import pickle
import re
import select
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest import SkipTest

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from baking import can_be_baked, run_baked  # noqa: E402
from onnx import GraphProto, ModelProto, NodeProto, TensorProto  # noqa: E402
from onnx.backend.test import BackendTest  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402

from ramiel.errors import RamielError  # noqa: E402
from ramiel.onnx_backend import RamielBackend  # noqa: E402

FOLDER = Path(__file__).parent
PASSING = FOLDER / "passing.txt"
REPORT = FOLDER.parents[1] / "docs" / "conformance.md"
KINDS = ("node", "simple", "pytorch-operator", "pytorch-converted", "light")
OUTCOMES = ("pass", "near", "random", "refused", "wrong", "error", "crash", "timeout")
EXPLAINED = {
    "test_bernoulli": (
        "random",
        "the expected numbers are those of NumPy's generator, which no seed in the model gives",
    ),
    "test_dft_inverse": (
        "near",
        "float32: 1.9e-7 of rounding error is expected where the exact value is 0",
    ),
}
"""What tests are, and why, that cannot pass whatever is right, by the beginning of their names."""
NEAR = 1e-6
"""The largest absolute error of an output that is near."""
LOW_PRECISION = {
    number
    for name, number in TensorProto.DataType.items()
    if name.startswith(("FLOAT8", "FLOAT4", "INT4", "UINT4", "INT2", "UINT2", "BFLOAT16"))
}


@dataclass(frozen=True)
class Test:
    """One test of the suite."""

    name: str
    kind: str
    group: str
    """"core", or the domain of an operator that is not ai.onnx's."""
    opset: int
    features: frozenset[str]
    run: Callable[[], None]


class Suite(BackendTest):
    """ONNX's suite; what stands in a sequence is compared as a tensor, not row by row.

    ONNX's own comparison takes the length of a tensor in a sequence, which one of rank 0 has not.
    """

    @classmethod
    def assert_similar_outputs(
        cls,
        ref_outputs: Sequence[Any],
        outputs: Sequence[Any],
        rtol: float,
        atol: float,
        model_dir: str | None = None,
    ) -> None:
        """Raises AssertionError if outputs differ in number, shape, dtype or values."""
        np.testing.assert_equal(len(outputs), len(ref_outputs))
        for expected, found in zip(ref_outputs, outputs, strict=True):
            if isinstance(expected, list | tuple):
                items = cast("Sequence[Any]", expected)
                cls.assert_similar_outputs(items, found, rtol, atol, model_dir)
            else:
                super().assert_similar_outputs([expected], [found], rtol, atol, model_dir)


def nodes_of(graph: GraphProto) -> Iterator[NodeProto]:
    """The nodes of a graph and of the graphs in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes_of(attribute.g)


def features_of(name: str, model: ModelProto) -> frozenset[str]:
    """What is special about a test's model."""
    operators = {node.op_type for node in nodes_of(model.graph)}
    types = [value.type for value in (*model.graph.input, *model.graph.output)]
    kinds = {str(type.WhichOneof("value")).removesuffix("_type") for type in types}
    elements = {type.tensor_type.elem_type for type in types}
    tests = {
        "control flow": bool(operators & {"If", "Loop", "Scan", "SequenceMap"}),
        "sequence": "sequence" in kinds or any("Sequence" in name for name in operators),
        "optional": "optional" in kinds or any("Optional" in name for name in operators),
        "string": TensorProto.STRING in elements,
        "float16": TensorProto.FLOAT16 in elements,
        "8 bits and less, bfloat16": bool(elements & LOW_PRECISION),
        "quantized": any(re.search("Quantize|QLinear|Integer$", name) for name in operators),
        "expanded function": bool(re.search(r"_expanded(_ver\d+)?$", name)),
        "local function": bool(model.functions),
    }
    return frozenset(feature for feature, there in tests.items() if there)


def group_of(model: ModelProto) -> str:
    """The domain that a model is of, "core" for ai.onnx."""
    own = {function.domain for function in model.functions}
    domains = {node.domain for node in nodes_of(model.graph)} - {"", "ai.onnx"} - own
    return min(domains, default="core")


def load_tests(baked: bool = False) -> list[Test]:
    """Every test of the suite for the CPU, or those of one node with its operands baked in."""
    suite = Suite(RamielBackend, __name__)
    runs: dict[str, Callable[[], None]] = {}
    for case in suite.test_cases.values():
        names = [name for name in dir(case) if name.startswith("test_") and name.endswith("_cpu")]
        for name in names:
            runs[name.removesuffix("_cpu")] = _runner(case, name)
    tests: list[Test] = []
    for kind in KINDS:
        for found in load_model_tests(kind="real" if kind == "light" else kind):
            if found.name not in runs:
                continue
            model: Any = found.model
            if model is None and kind == "light":
                data = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
                model = onnx.load(data / os.path.basename(found.url or ""))
            elif model is None:
                model = onnx.load(Path(found.model_dir or "") / "model.onnx")
            opsets = {entry.domain: entry.version for entry in model.opset_import}
            features = features_of(found.name, model)
            opset = opsets.get("", 0)
            run = runs[found.name]
            if baked:
                if kind != "node" or not can_be_baked(found):
                    continue
                run = partial(run_baked, found, suite.assert_similar_outputs)
            tests.append(Test(found.name, kind, group_of(model), opset, features, run))
    return tests


def _runner(case: type[Any], name: str) -> Callable[[], None]:
    return lambda: getattr(case(name), name)()


def warm_up() -> None:
    """Load here what each child would load again: operators, dialects, passes."""
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    RamielBackend.run_node(node, [np.ones(1, np.float32)])


def outcome_of(test: Test) -> tuple[str, str]:
    """Run a test here: what came out, and why."""
    try:
        test.run()
    except RamielError as error:
        return "refused", str(error)
    except AssertionError as error:
        return missed(test.name, str(error))
    except SkipTest as error:
        return "error", f"skipped: {error}"
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    return "pass", ""


def missed(name: str, reason: str) -> tuple[str, str]:
    """What a test is whose outputs differ; wrong if their number, shapes or dtypes do."""
    outcome, _ = explanation(name)
    numbers_differ = reason.lstrip().startswith("Not equal to tolerance") and "shapes" not in reason
    if outcome == "near":
        errors = re.findall(r"Max absolute difference among violations: (\S+)", reason)
        numbers_differ = numbers_differ and all(float(error) <= NEAR for error in errors)
    return (outcome if numbers_differ else "wrong"), reason


def run_isolated(test: Test, timeout: float) -> tuple[str, str]:
    """Run a test in a child process, which may crash or hang."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.write(writing, pickle.dumps(tuple(text[:2000] for text in outcome_of(test))))
        os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], timeout)
    if not ready:
        os.kill(child, signal.SIGKILL)
    data = os.read(reading, 1 << 16) if ready else b""
    os.close(reading)
    os.waitpid(child, 0)
    if data:
        return pickle.loads(data)
    return ("crash", "") if ready else ("timeout", f"more than {timeout:.0f} s")


def table(title: str, rows: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """A table of outcomes, in Markdown."""
    lines = ["", f"| {title} | tests | {' | '.join(OUTCOMES)} |"]
    lines.append("| --- |" + " --- |" * (len(OUTCOMES) + 1))
    for label, outcomes in rows:
        counts = Counter(outcomes)
        numbers = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
        lines.append(f"| {label} | {len(outcomes)} | {numbers} |")
    return lines


def one_line(text: str) -> str:
    """A message's first line, short and without what Markdown would read."""
    line = " ".join(text.split())[:110]
    return line.replace("|", "/").replace("<", "(").replace(">", ")")


def report(tests: Sequence[Test], results: Sequence[tuple[str, str]]) -> str:
    """The page docs/conformance.md."""
    pairs = [(test, outcome) for test, (outcome, _) in zip(tests, results, strict=True)]
    core = [(test, outcome) for test, outcome in pairs if test.group == "core"]
    passed = sum(outcome == "pass" for _, outcome in core)

    def rows(labels: Iterable[str], chosen: Callable[[Test, str], bool]) -> list[Any]:
        return [(label, [o for t, o in core if chosen(t, label)]) for label in labels]

    bands = [(1, 9), (10, 13), (14, 17), (18, 20), (21, 23), (24, 99)]
    features = sorted({feature for test, _ in core for feature in test.features})
    groups = sorted({test.group for test, _ in pairs})
    lines = [
        "# Conformance",
        "",
        f"{passed} of {len(core)} core tests of onnx {onnx.__version__} (opset "
        f"{onnx.defs.onnx_opset_version()}) pass through the whole compiler: "
        "lift, passes, generated source, run.",
        "",
        "Written by `make conformance`, which runs ONNX's own `onnx.backend.test.BackendTest` on",
        "`ramiel.onnx_backend`, each test in a process of its own. *Refused* means that compiling",
        "said what it cannot do, by the node's name; *near*, that numbers differ by at most "
        f"{NEAR:g};",
        "*random*, that shape and dtype are right and numbers are drawn by another generator;",
        "*wrong*, that numbers differ.",
        *table("kind", rows(KINDS, lambda test, kind: test.kind == kind)),
        *table("feature", rows(features, lambda test, feature: feature in test.features)),
        *table(
            "opset",
            [
                (f"{low}-{min(high, 28)}", [o for t, o in core if low <= t.opset <= high])
                for low, high in bands
            ],
        ),
        *table("domain", [(g, [o for t, o in pairs if t.group == g]) for g in groups]),
        "",
        "## What does not pass",
        "",
    ]
    for test, (outcome, reason) in zip(tests, results, strict=True):
        if outcome != "pass":
            why = explanation(test.name)[1] or one_line(reason)
            lines.append(f"- `{test.name}` ({outcome}): {why}")
    return "\n".join(lines) + "\n"


def explanation(name: str) -> tuple[str, str]:
    """What a test is that cannot pass, and why; "wrong" and "" if it could."""
    found = (told for prefix, told in EXPLAINED.items() if name.startswith(prefix))
    return next(found, ("wrong", ""))


def main() -> int:
    """Run the suite; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--update", action="store_true", help="write passing.txt anew")
    parser.add_argument("--filter", default="", help="only tests whose name has this pattern")
    parser.add_argument(
        "--baked",
        action="store_true",
        help="tests of one node, all inputs but the first as initializers",
    )
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one test")
    options = parser.parse_args()
    if options.update and (options.filter or options.baked):
        parser.error("--update wants all tests, without --filter or --baked")
    tests = [test for test in load_tests(options.baked) if re.search(options.filter, test.name)]
    warm_up()
    started = time.time()
    results = [run_isolated(test, options.timeout) for test in tests]
    counts = Counter(outcome for outcome, _ in results)
    print(f"{len(tests)} tests in {time.time() - started:.0f} s: {dict(counts)}")
    passing = [t.name for t, (outcome, _) in zip(tests, results, strict=True) if outcome == "pass"]
    if options.update:
        PASSING.write_text("".join(f"{name}\n" for name in sorted(passing)), encoding="utf-8")
    if not options.filter and not options.baked:
        REPORT.write_text(report(tests, results), encoding="utf-8")
    expected = set(PASSING.read_text(encoding="utf-8").split()) if PASSING.exists() else set[str]()
    failed = 0
    for test, (outcome, reason) in zip(tests, results, strict=True):
        regressed = test.name in expected and outcome != "pass"
        if regressed or (outcome == "wrong"):
            failed += 1
            print(f"{'regressed' if regressed else outcome}: {test.name}: {one_line(reason)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
