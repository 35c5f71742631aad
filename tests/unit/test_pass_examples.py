"""Each pass of the registry changes a small model, and leaves its outputs as they are.

Passes of graphs run before and after through the interpreter, those of programs through the package
with the serial executor.  A new pass has no example here until somebody gives it one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from dynamic_models import dynamic_model
from onnx import ModelProto, numpy_helper, parser
from small_models import SMALL_MODELS

from ramiel.backend.package import write_package
from ramiel.backend.target import find_program
from ramiel.batches import join_inputs, join_outputs
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.task_workers import samples_of
from ramiel.driver import Pipeline, load, passes_of
from ramiel.loading import import_package
from ramiel.operators.interpreter import run_graph
from ramiel.options import Options
from ramiel.precision import BFLOAT16, FLOAT32, TOLERANCES
from ramiel.sampling import sample_inputs
from ramiel.styles import OUTLINE
from ramiel.tensors import Array, from_torch, to_torch
from ramiel.universe import PASSES
from ramiel.verification import call, largest


def padded() -> ModelProto:
    """A Pad that a convolution reads, and a Gelu in three operators."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        padded (float[1, 3, 8, 8] x) => (float[1, 4, 10, 10] y)
          <int64[8] pads = {0,0,2,2,0,0,2,2}> {
          p = Pad (x, pads)
          c = Conv (p, w)
          root = Constant <value = float {1.4142135}> ()
          one = Constant <value = float {1.0}> ()
          half = Constant <value = float {0.5}> ()
          d = Div (c, root)
          e = Erf (d)
          f = Add (e, one)
          g = Mul (c, f)
          y = Mul (g, half)
        }""")
    weight = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32) / 5
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    return model


def old() -> ModelProto:
    """Operators as opset 9 has them, and a constant to fold."""
    return parser.parse_model("""<ir_version: 8, opset_import: ["": 9]>
        old (float[4, 6] x) => (float[4, 3] y) {
          half = Slice <axes = [1], starts = [0], ends = [3]> (x)
          c = Constant <value = float[3] {-1, 2, 3}> ()
          e = Exp (c)
          y = Mul (half, e)
        }""")


def convolutions() -> ModelProto:
    """Two branches of a convolution, a factor and an activation; their weights have numbers."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        convolutions (float[1, 16, 12, 12] x) => (float[1, 16, 12, 12] y) {
          factor = Constant <value = float {0.5}> ()
          ["/left/conv/Conv"] a = Conv <pads = [1, 1, 1, 1]> (x, "onnx::Conv_7")
          ["/left/Mul"] b = Mul (a, factor)
          ["/left/Relu"] c = Relu (b)
          ["/right/conv/Conv"] d = Conv (x, "onnx::Conv_8")
          ["/right/Relu"] e = Relu (d)
          ["/Add"] y = Add (c, e)
        }""")
    generator = np.random.default_rng(0)
    for name, size in (("onnx::Conv_7", 3), ("onnx::Conv_8", 1)):
        weight = generator.standard_normal((16, 16, size, size)).astype(np.float32) / (4 * size)
        model.graph.initializer.append(numpy_helper.from_array(weight, name))
    return model


def branches() -> ModelProto:
    """Two convolutions that meet in a sum."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        branches (float[1, 8, 12, 12] x) => (float[1, 8, 12, 12] y) {
          a = Conv <pads = [1, 1, 1, 1]> (x, v)
          b = Conv (x, w)
          c = Add (a, b)
          y = Relu (c)
        }""")
    generator = np.random.default_rng(0)
    for name, size in (("v", 3), ("w", 1)):
        weight = generator.standard_normal((8, 8, size, size)).astype(np.float32) / (4 * size)
        model.graph.initializer.append(numpy_helper.from_array(weight, name))
    return model


def cropped() -> ModelProto:
    """A convolution of each channel by itself, of which the first row and column are cut off."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["": 17]>
        cropped (float[1, 3, 8, 8] x) => (float[1, 3, 7, 7] y)
          <int64[2] starts = {1, 1}, int64[2] ends = {8, 8}, int64[2] axes = {2, 3}> {
          c = Conv <group = 3, pads = [1, 1, 1, 1]> (x, w)
          y = Slice (c, starts, ends, axes)
        }""")
    weight = np.random.default_rng(0).standard_normal((3, 1, 3, 3)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    return model


Make = Callable[[], ModelProto]
TOWERS, TRANSFORMER, INCEPTION, CELLS = (
    SMALL_MODELS[name] for name in ("towers", "transformer", "inception", "cells")
)
FAST, PORTABLE = Options(), Options(portable=True)
REDUCED = Options(precision=BFLOAT16)
DYNAMIC = partial(dynamic_model, "attention")
LINEAR = (*passes_of(PORTABLE), "estimate-cost", "cluster{algorithm=linear}")


NUMBERED = [one for one in passes_of(PORTABLE) if one != "recover-names"]


def up_to(name: str, options: Options = FAST) -> list[str]:
    """The pipeline of the options, as far as a pass."""
    passes = passes_of(options)
    last = max(i for i, one in enumerate(passes) if one.partition("{")[0] == name)
    return passes[: last + 1]


MODELS: dict[str, Make] = {
    "upgrade-onnx": old,
    "fuse-batch-norm": INCEPTION,
    "fuse-affine": convolutions,
    "fuse-crop": cropped,
    "symmetric-pads": cropped,
    "fuse-pad": padded,
    "fuse-gelu": padded,
    "fuse-layer-norm": TRANSFORMER,
    "fuse-attention": TRANSFORMER,
    "integer-shapes": DYNAMIC,
    "convert-onnx-to-torch": CELLS,
    "outline-constants": CELLS,
    "fuse-linear": TOWERS,
    "recover-names": convolutions,
    "pack-weights": convolutions,
    "fuse-activation": convolutions,
    "channels-last": convolutions,
    "choose-kernels": convolutions,
}
"""A model for each pass that is shown in its place of the usual pipeline."""
EXAMPLES: dict[str, tuple[Make, Sequence[str]]] = {
    **{name: (make, up_to(name)) for name, make in MODELS.items()},
    "infer-shapes": (DYNAMIC, ['infer-shapes{dims="batch=1","length=5"}']),
    "canonicalize-onnx": (TRANSFORMER, ["upgrade-onnx", "canonicalize-onnx"]),
    "constant-fold": (old, ["upgrade-onnx", "constant-fold"]),
    "own-parameters": (convolutions, [*NUMBERED, "own-parameters"]),
    "outline-blocks": (CELLS, [*passes_of(PORTABLE), *OUTLINE[:2]]),
    "reduce-precision": (TOWERS, up_to("reduce-precision", REDUCED)),
    "estimate-cost": (TOWERS, [*passes_of(PORTABLE), "estimate-cost"]),
    "clone": (TOWERS, [*passes_of(PORTABLE), "estimate-cost", "clone"]),
    "cluster": (TOWERS, LINEAR),
    "fuse-in-clusters": (
        branches,
        [*passes_of(FAST), *LINEAR[-2:], "serialize{width=1}", "fuse-in-clusters"],
    ),
    "record-clusters": (convolutions, [*passes_of(FAST), *LINEAR[-2:], "record-clusters"]),
    "serialize": (TOWERS, [*LINEAR, "serialize{width=1}"]),
    "merge-clusters": (INCEPTION, [*LINEAR, "merge-clusters{max-clusters=2}"]),
    "duplicate-tasks": (INCEPTION, [*LINEAR, "duplicate-tasks{message-ns=10000000}"]),
    "hypercluster": (TOWERS, [*LINEAR, "hypercluster{batch=2}"]),
}
"""A model for each pass, and a pipeline that ends in the pass."""


def test_every_pass_has_an_example() -> None:
    assert EXAMPLES.keys() == PASSES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_pass_changes_the_text_and_not_the_outputs(name: str, tmp_path: Path) -> None:
    make, (*before, last) = EXAMPLES[name]
    assert last.partition("{")[0] == name
    example = Example(make, tmp_path)
    example.pipeline.run(before)
    example.run(last, TOLERANCES[REDUCED.precision if name == "reduce-precision" else FLOAT32])


class Example:
    """A model on its way through the pipeline, and two samples of its inputs."""

    def __init__(self, make: Make, folder: Path) -> None:
        self.folder = folder
        self.pipeline = Pipeline(load(make()))
        graph = next(op for op in self.pipeline.module.ops if isinstance(op, GraphOp))
        self.samples = [sample_inputs(graph, seed, {"length": 5}) for seed in (0, 1)]

    def run(self, one: str, tolerance: float) -> None:
        """Run a pass; it changes the text, but not the outputs."""
        text, before = str(self.pipeline.module), self.outputs("before")
        self.pipeline.run(one)
        assert str(self.pipeline.module) != text
        for found, expected in zip(self.outputs("after"), before, strict=True):
            assert np.ptp(expected) > 0
            error = largest(found.astype(np.float64) - expected)
            assert error <= tolerance * largest(expected)

    def outputs(self, name: str) -> list[Array]:
        """What the module computes on the samples, joined as a batch is."""
        graph = next((op for op in self.pipeline.module.ops if isinstance(op, GraphOp)), None)
        if graph is not None:
            return join_outputs([interpret(graph, sample) for sample in self.samples])
        program = find_program(self.pipeline.module)
        write_package(program, self.folder / name)
        with import_package(self.folder / name).Model.load("serial") as model:
            if samples_of(program) > 1:
                return call(model, join_inputs(program, self.samples))
            return join_outputs([call(model, sample) for sample in self.samples])


def interpret(graph: GraphOp, inputs: Mapping[str, Array]) -> list[Array]:
    """What a graph computes on one sample."""
    found = run_graph(graph, [to_torch(array) for array in inputs.values()])
    types = graph.function_type.outputs.data
    return [from_torch(y, type) for y, type in zip(found, types, strict=True)]
