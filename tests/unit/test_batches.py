"""`--batch`: samples that share the workers compute what each of them computes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import parser
from small_models import SMALL_MODELS

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.options import HYPER, Options
from ramiel.runtime import BatchModel, Input, Message, SampleChannels, Stage, Weights
from ramiel.verification import verify_model

DYNAMIC = """
<ir_version: 8, opset_import: ["": 17]>
dynamic (float[n,4] x, float[4] scale) => (float[n,4] y) {
  [relu] a = Relu (x)
  [exp] b = Exp (a)
  [tanh] c = Tanh (a)
  [add] d = Add (b, c)
  [mul] y = Mul (d, scale)
}
"""
"""Branches, a batch without a fixed size, and an input without a batch."""


def save(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def load_dynamic(folder: Path, executor: str, hyper: str = "plain", **options: Any) -> BatchModel:
    """The model DYNAMIC for three samples."""
    model = parser.parse_model(DYNAMIC)
    compiled = compile_model(model, Options(workers=2, batch=3, hyper=hyper), package="dynamic")
    write_package(compiled.program, folder / "dynamic")
    return import_package(folder / "dynamic").Model.load(executor, **options)


def expected(x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    a = x.relu()
    return (a.exp() + a.tanh()) * scale


@pytest.mark.parametrize("hyper", HYPER)
@pytest.mark.parametrize("name", ["towers", "transformer"])
def test_each_sample_computes_what_onnxruntime_computes(name: str, hyper: str, tmp_path: Path):
    path = save(SMALL_MODELS[name](), tmp_path)
    options = Options(workers=2, batch=3, hyper=hyper)
    assert verify_model(path, options, lambda step: None).ok


def test_processes_run_a_batch(tmp_path: Path):
    x, scale = torch.randn(6, 4), torch.randn(4)
    with load_dynamic(tmp_path, "processes", "switched", timeout=60.0) as model:
        torch.testing.assert_close(model(x, scale), expected(x, scale))


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_a_symbolic_batch_is_split_evenly(executor: str, tmp_path: Path):
    scale = torch.randn(4)
    with load_dynamic(tmp_path, executor) as model:
        for size in (3, 12):
            x = torch.randn(size, 4)
            torch.testing.assert_close(model(x, scale), expected(x, scale))
        with pytest.raises(ValueError, match=r"'x': axis 0 must be a multiple of 3, .* got 4"):
            model(torch.randn(4, 4), scale)


def test_batches_stream(tmp_path: Path):
    scale = torch.randn(4)
    batches = [torch.randn(3, 4) for _ in range(5)]
    with load_dynamic(tmp_path, "threads", "switched") as model:
        results = list(model.stream([(x, scale) for x in batches]))
    for x, y in zip(batches, results, strict=True):
        torch.testing.assert_close(y, expected(x, scale))


def test_an_output_without_a_batch_axis_is_refused_by_name(tmp_path: Path):
    text = DYNAMIC.replace("float[n,4] y", "float y").replace("Mul (d, scale)", "ReduceSum (d)")
    text = text.replace("y = ReduceSum (d)", "y = ReduceSum <keepdims = 0> (d)")
    with pytest.raises(RamielError, match="output 'y' has no batch axis"):
        compile_model(parser.parse_model(text), Options(workers=2, batch=2))


def test_an_unknown_layout_is_refused():
    with pytest.raises(RamielError, match="no hyperclusters 'mixed'; there are: plain, switched"):
        compile_model(parser.parse_model(DYNAMIC), Options(workers=2, batch=2, hyper="mixed"))


async def double(x: torch.Tensor, w: Weights, channels: SampleChannels) -> dict[str, Any]:
    channels.send("a", 2 * x, to="add")
    return {}


async def add(x: torch.Tensor, w: Weights, channels: SampleChannels) -> dict[str, Any]:
    return {"y": x + await channels.recv("a", source="double")}


class OneWorker(BatchModel):
    """Both clusters on one worker."""

    inputs = (Input("x", torch.float32, (2, 1)),)
    outputs = ("y",)
    samples = 2
    split = ("x",)
    stages = (Stage(double, "double", ("x",)), Stage(add, "add", ("x",)))
    messages = (Message("a", "double", "add"),)
    schedules = (((double, 0), (double, 1), (add, 1), (add, 0)),)


def test_clusters_of_one_worker_exchange_messages_without_channels():
    assert OneWorker.channels == ()
    with OneWorker({}, "serial") as model:
        y: torch.Tensor = model(torch.tensor([[1.0], [2.0]]))
    np.testing.assert_equal(y.numpy(), [[3.0], [6.0]])
