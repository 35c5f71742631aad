"""Comparing a compiled model with another runtime, on inputs that make its outputs vary."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from xdsl.ir import Attribute

from ramiel import element_types
from ramiel.agreement import SAMPLES, Agreement, measure_agreement
from ramiel.backend.package import write_package
from ramiel.batches import batch_of_inputs, join_inputs, join_outputs
from ramiel.dialects.dataflow import GraphOp
from ramiel.driver import Progress, compile_model, load
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.options import STYLES, Options
from ramiel.precision import FLOAT32, TOLERANCES
from ramiel.runtime import ParallelModel
from ramiel.sampling import sample_inputs
from ramiel.styles import compile_style, run_style, write_styled
from ramiel.tensors import Array, from_torch, to_torch

RELATIVE_TOLERANCE = TOLERANCES[FLOAT32]
VERIFIED = ("serial", "threads")
"""The executors that are run unless others are asked for."""
LEAST_VARIATION = 1e-4
"""An output that varies less than this, relatively, proves little."""


@dataclass(frozen=True)
class Difference:
    """One output of one executor, compared with the reference."""

    output: str
    executor: str
    absolute: float
    relative: float
    """The largest difference, over the largest value of the reference."""
    variation: float
    """How much the reference itself differs between two inputs, over its largest value."""
    tolerance: float = RELATIVE_TOLERANCE

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance; a NaN is not."""
        return self.relative <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """A model that was compiled, run and compared."""

    reference: str
    """The runtime that it was compared with."""
    differences: Sequence[Difference]
    """For each executor, each output."""
    clusters: int
    lines: int
    """Of model.py."""
    compile_seconds: float
    agreements: Sequence[Agreement] = ()
    """Of classifiers in less precision than float32."""

    @property
    def ok(self) -> bool:
        """Whether every output of every executor is within the tolerance."""
        return all(difference.ok for difference in self.differences)


def verify_model(
    path: Path,
    options: Options,
    step: Progress,
    *,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    executors: Sequence[str] = VERIFIED,
) -> Verification:
    """Compile to a temporary folder, run each executor, compare with the reference.

    The parallel program is kept whether or not it pays: it is what is verified.  `dims` sizes the
    inputs' symbolic dimensions.  A batch is compared sample by sample.  Raises RamielError if the
    model cannot be compiled or run.
    """
    graph = next(op for op in load(path).ops if isinstance(op, GraphOp))
    reference = Reference(path)
    if options.style != STYLES[0]:
        first, second = (sample_inputs(graph, seed + i, dims) for i in (0, 1))
        step("running the reference")
        expected, other = reference.run(first), reference.run(second)
        return _verify_style(path, options, step, reference.name, first, expected, other)
    differences: list[Difference] = []
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        package = Path(folder) / "verified"
        started = time.perf_counter()
        options = replace(options, force_parallel=True)
        program = compile_model(path, options, step, package=package.name).program
        write_package(program, package)
        seconds = time.perf_counter() - started
        lines = len((package / "model.py").read_text(encoding="utf-8").splitlines())
        first, second = (batch_of_inputs(program, graph, seed + i, dims) for i in (0, 1))
        step("running the reference")
        expected = join_outputs([reference.run(sample) for sample in first])
        other = join_outputs([reference.run(sample) for sample in second])
        inputs = join_inputs(program, first)
        compiled = import_package(package).Model
        for executor in executors:
            step(f"running {executor}")
            with compiled.load(executor=executor) as model:
                outputs = call(model, inputs, program.function_type.outputs.data)
            differences += compare(
                compiled.outputs, executor, outputs, expected, other, options.tolerance
            )
        agreements: Sequence[Agreement] = ()
        if options.precision != FLOAT32 and options.batch == 1:
            step("comparing classes")
            samples = [sample_inputs(graph, seed + i, dims) for i in range(SAMPLES)]
            types = program.function_type.outputs.data
            with compiled.load(executor="serial") as model:
                run = partial(call, model, types=types)
                agreements = measure_agreement(compiled.outputs, run, reference.run, samples)
    clusters = len(program.clusters)
    return Verification(reference.name, differences, clusters, lines, seconds, agreements)


def _verify_style(
    path: Path,
    options: Options,
    step: Progress,
    reference: str,
    inputs: Mapping[str, Array],
    expected: Sequence[Array],
    other: Sequence[Array],
) -> Verification:
    """The same for a style without clusters: there is one way to run it."""
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        package = Path(folder) / "verified"
        started = time.perf_counter()
        styled = compile_style(path, options, step, package.name)
        write_styled(styled, package)
        seconds = time.perf_counter() - started
        lines = len((package / "model.py").read_text(encoding="utf-8").splitlines())
        step(f"running the {options.style}")
        types = styled.graph.function_type.outputs.data
        outputs = run_style(package, options.style, list(inputs.values()), types)
    names = styled.graph.result_names()
    differences = compare(names, options.style, outputs, expected, other, options.tolerance)
    return Verification(reference, differences, 1, lines, seconds)


class Reference:
    """ONNX Runtime if it is installed, else ONNX's own evaluator.

    Where an input or output is of a type that NumPy has not, always the latter: ONNX Runtime's
    Python interface does not take or give such arrays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not has_numpy_interface(path):
                raise ImportError
            import onnxruntime
        except ImportError:
            self.name = "onnx's reference evaluator"
            self.session = None
            from onnx.reference import ReferenceEvaluator

            self.evaluator = ReferenceEvaluator(onnx.load(path))
            return
        self.name = "onnxruntime"
        runtime: Any = onnxruntime
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        try:
            self.session = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise RamielError(f"onnxruntime cannot load {path}: {error}") from error

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """The outputs in the model's order.  Raises RamielError if the runtime fails."""
        runner: Any = self.session if self.session is not None else self.evaluator
        try:
            return [np.asarray(output) for output in runner.run(None, dict(inputs))]
        except Exception as error:
            raise RamielError(f"{self.name} cannot run {self.path}: {error}") from error


def has_numpy_interface(path: Path) -> bool:
    """Whether all inputs and outputs of a model are of NumPy's own types."""
    graph = onnx.load(path, load_external_data=False).graph
    numbers = {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)}
    known = (element_types.of_onnx(n) for n in numbers - {0, onnx.TensorProto.STRING})
    return all(element.numpy.type.__module__ == "numpy" for element in known)


def call(
    model: ParallelModel, inputs: Mapping[str, Array], types: Sequence[Attribute] | None = None
) -> list[Array]:
    """The model's outputs on numpy inputs; `types` are the outputs' types, if known."""
    outputs: Any = model(**{name: to_torch(array) for name, array in inputs.items()})
    listed = outputs if len(model.outputs) > 1 else [outputs]
    declared = types or [None] * len(listed)
    return [from_torch(y, type) for y, type in zip(listed, declared, strict=True)]


def largest(array: Array) -> float:
    """The largest finite magnitude, 0 if there is none."""
    values = np.abs(array.astype(np.float64))
    values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0


def compare(
    names: Sequence[str],
    executor: str,
    outputs: Sequence[Array],
    expected: Sequence[Array],
    other: Sequence[Array],
    tolerance: float = RELATIVE_TOLERANCE,
) -> list[Difference]:
    """Compare outputs with the expected ones; `other` are the reference's on another input."""
    differences: list[Difference] = []
    for name, output, wanted, varied in zip(names, outputs, expected, other, strict=True):
        scale = largest(wanted) or 1.0
        absolute = _difference(output, wanted)
        variation = _difference(varied, wanted) if varied.shape == wanted.shape else np.inf
        differences.append(
            Difference(name, executor, absolute, absolute / scale, variation / scale, tolerance)
        )
    return differences


def _difference(left: Array, right: Array) -> float:
    """The largest difference; infinite if shapes, dtypes or the places of NaN and inf differ."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return float("inf")
    if not left.size:
        return 0.0
    a, b = left.astype(np.float64), right.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0.0, np.abs(a - b))
    return float("inf") if np.isnan(difference).any() else float(difference.max())
