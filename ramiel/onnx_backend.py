"""Ramiel as an ONNX backend: `onnx.backend.base.Backend` through the whole compiler.

    import ramiel.onnx_backend as backend

    outputs = backend.run_model(model, [image])

Values are ONNX's: numpy arrays (with ml_dtypes where numpy has no dtype), lists of them for
sequences, None for an optional that is absent.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, TypeProto
from onnx.backend.base import Backend, BackendRep, namedtupledict

from ramiel import element_types
from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.runtime import ParallelModel
from ramiel.tensors import from_torch, to_torch


class RamielRep(BackendRep):
    """A compiled model."""

    def __init__(self, model: ParallelModel, inputs: Sequence[str], types: Sequence[TypeProto]):
        self.model = model
        self.inputs = inputs
        """All inputs in the model's order; those of older models may name initializers."""
        self.types = types
        """The types of the outputs."""

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The outputs, by position and by name.

        Raises what calling the compiled model raises, RamielError for a value torch has not.
        """
        by_name = isinstance(inputs, Mapping)
        given = cast("Mapping[str, Any]", inputs) if by_name else self._named(inputs)
        results: Any = self.model(**{name: _to_torch(value) for name, value in given.items()})
        listed = [results] if len(self.model.outputs) == 1 else results
        outputs = [_from_torch(value, type) for value, type in zip(listed, self.types, strict=True)]
        make: Any = namedtupledict("Outputs", list(self.model.outputs))
        return make(*outputs)

    def _named(self, inputs: Sequence[Any]) -> dict[str, Any]:
        names = [declared.name for declared in self.model.inputs]
        if len(inputs) == len(names):
            return dict(zip(names, inputs, strict=True))
        if len(inputs) == len(self.inputs):
            raise RamielError("an input that is an initializer cannot be given")
        raise RamielError(f"expected {len(names)} inputs, got {len(inputs)}")


class RamielBackend(Backend):
    """Compiles with one worker, and runs serially."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **kwargs: Any) -> RamielRep:
        """Compile a model.  Raises RamielError for what cannot be compiled."""
        if not cls.supports_device(device):
            raise RamielError(f"no device {device!r}: there is CPU")
        compilation = compile_model(model, Options(workers=1, cost_model="static"), package="model")
        folder = Path(tempfile.mkdtemp(prefix="ramiel-"))
        try:
            write_package(compilation.program, folder / "model")
            loaded: ParallelModel = import_package(folder / "model").Model.load("serial")
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        weakref.finalize(loaded, rmtree, folder, ignore_errors=True)
        inputs = [value.name for value in model.graph.input]
        return RamielRep(loaded, inputs, [value.type for value in model.graph.output])

    @classmethod
    def run_model(cls, model: ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> Any:
        """Compile a model and run it once."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: NodeProto,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Sequence[tuple[np.dtype[Any], tuple[int, ...]]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Compile a model of one node and run it once; `opset_version` is an option."""
        names = [name for name in node.input if name]
        by_name = isinstance(inputs, Mapping)
        given = cast(
            "Mapping[str, Any]", inputs if by_name else dict(zip(names, inputs, strict=True))
        )
        arguments = [
            onnx.helper.make_tensor_value_info(
                name,
                onnx.helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype),
                list(np.shape(value)),
            )
            for name, value in given.items()
        ]
        results = [onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", arguments, results)
        opset = onnx.helper.make_opsetid(
            node.domain, kwargs.pop("opset_version", onnx.defs.onnx_opset_version())
        )
        model = onnx.helper.make_model(graph, opset_imports=[opset])
        model = onnx.shape_inference.infer_shapes(model)
        return cls.run_model(model, given, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether the device is the CPU."""
        return device.partition(":")[0] == "CPU"


prepare = RamielBackend.prepare
run_model = RamielBackend.run_model
run_node = RamielBackend.run_node
supports_device = RamielBackend.supports_device


def importer(model: ModelProto) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from inputs to outputs, as conformance tools want it."""
    compiled = prepare(model)
    return lambda inputs: list(compiled.run(inputs))


def _to_torch(value: Any) -> Any:
    if value is None or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        return [_to_torch(item) for item in items]
    array = np.asarray(value)
    return array if array.dtype.kind in "OSU" else to_torch(array)


def _from_torch(value: Any, type: TypeProto) -> Any:
    """A value of ONNX's; what torch only carries gets its own dtype back."""
    if type.HasField("optional_type"):
        type = type.optional_type.elem_type
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        return [_from_torch(item, type.sequence_type.elem_type) for item in items]
    if not isinstance(value, torch.Tensor):
        return value
    number = type.tensor_type.elem_type
    return from_torch(value, element_types.of_onnx(number).mlir if number else None)
