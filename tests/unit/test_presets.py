"""What a compiled package can do beside being called: faithful everything, fast nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import numpy_helper
from small_models import SMALL_MODELS

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options


def package(preset: str, folder: Path) -> tuple[Any, onnx.ModelProto]:
    """A small network compiled with a preset, and the ONNX model."""
    model = SMALL_MODELS["inception"]()
    options = Options(workers=2, preset=preset, force_parallel=True)
    program = compile_model(model, options, package="inception").program
    write_package(program, folder / "inception")
    return import_package(folder / "inception").Model, model


def test_faithful_trains_moves_and_keeps_the_names_of_the_model(tmp_path: Path) -> None:
    model_class, onnx_model = package("faithful", tmp_path)
    own = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx_model.graph.initializer}
    inputs = [torch.rand(item.shape).to(item.dtype) for item in model_class.inputs]
    with model_class.load("serial", trainable=True) as model:
        assert dict(model.named_parameters()).keys() <= model.state_dict().keys() <= own.keys()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        losses: list[float] = []
        for _ in range(5):
            optimizer.zero_grad()
            results: Any = model(*inputs)
            outputs = results if len(model.outputs) > 1 else (results,)
            loss = torch.stack([output.square().mean() for output in outputs]).sum()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses == sorted(losses, reverse=True)
        wide = [x.double() if x.is_floating_point() else x for x in inputs]
        results = model.to(torch.float64)(*wide)
        found = results if len(model.outputs) > 1 else (results,)
        assert all(y.dtype == torch.float64 for y in found)
        shapes = [y.shape for y in found]
        results = model.to("meta")(*[x.to("meta") for x in wide])  # a device that every build has
        found = results if len(model.outputs) > 1 else (results,)
        assert [(y.device.type, y.shape) for y in found] == [("meta", shape) for shape in shapes]


def test_fast_is_for_inference(tmp_path: Path) -> None:
    model_class, _ = package("fast", tmp_path)
    with pytest.raises(Exception, match=r"compiled with the preset fast.*it does not train"):
        model_class.load(trainable=True)
    with model_class.load("serial") as model, pytest.raises(Exception, match="--preset faithful"):
        model.to(torch.float64)
