"""Models whose inputs, weights and outputs have types that torch only carries, all the way."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from xdsl.printer import Printer

import ramiel.onnx_backend as backend
from ramiel.driver import load
from ramiel.options import Options
from ramiel.runtime.command_line import as_declared
from ramiel.runtime.inputs import Input
from ramiel.tensors import Array, from_torch, to_torch, type_of_array
from ramiel.tools.cli import main
from ramiel.verification import verify_model
from ramiel.weight_files import save_weights
from ramiel.weights import WeightStore

NAMES = ["int4", "uint4", "int2", "uint2", "float4_e2m1fn", "float8_e4m3fn", "float8_e5m2"]
OPSET = onnx.defs.onnx_opset_version()


def dtype_of(name: str) -> np.dtype[Any]:
    """A numpy dtype of ml_dtypes."""
    return np.dtype(getattr(ml_dtypes, name))


def quantized_model(name: str) -> ModelProto:
    """y = quantize(dequantize(x) @ dequantize(w)), its transpose and x itself handed on."""
    dtype = dtype_of(name)
    number = helper.np_dtype_to_tensor_dtype(dtype)
    w = np.random.default_rng(0).integers(0, 4, (5, 6)).astype(np.float32).astype(dtype)
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "scale"], ["wide"]),
        helper.make_node("Transpose", ["w"], ["w_t"]),
        helper.make_node("Transpose", ["w_t"], ["w_tt"], perm=[1, 0]),
        helper.make_node("DequantizeLinear", ["w_tt", "scale"], ["w_wide"]),
        helper.make_node("MatMul", ["wide", "w_wide"], ["product"]),
        helper.make_node("QuantizeLinear", ["product", "scale"], ["y"], output_dtype=number),
        helper.make_node("Transpose", ["y"], ["y_t"]),
        helper.make_node("Identity", ["x"], ["same"]),
    ]
    graph = helper.make_graph(
        nodes,
        "quantized",
        [helper.make_tensor_value_info("x", number, [3, 5])],
        [
            helper.make_tensor_value_info("y", number, [3, 6]),
            helper.make_tensor_value_info("y_t", number, [6, 3]),
            helper.make_tensor_value_info("same", number, [3, 5]),
        ],
        [
            numpy_helper.from_array(w, "w"),
            numpy_helper.from_array(np.array(0.5, np.float32), "scale"),
        ],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=11)


def operand(name: str) -> Array:
    """Values of the type, also negative and fractional ones where it has them."""
    x = np.random.default_rng(1).integers(-4, 5, (3, 5)) / 2
    return np.abs(x).astype(dtype_of(name)) if name.startswith("u") else x.astype(dtype_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_backend_takes_and_gives_the_models_own_types(name: str) -> None:
    model, x = quantized_model(name), operand(name)
    expected: Any = ReferenceEvaluator(model).run(None, {"x": x})
    for found, wanted in zip(backend.run_model(model, [x]), expected, strict=True):
        assert found.dtype == wanted.dtype == dtype_of(name)
        np.testing.assert_array_equal(found.astype(np.float32), wanted.astype(np.float32))


@pytest.mark.parametrize("name", ["int4", "uint2", "float4_e2m1fn", "float8_e5m2", "bfloat16"])
def test_arrays_come_back_from_torch(name: str) -> None:
    x = np.array([0, 1, 3]).astype(dtype_of(name))
    back = from_torch(to_torch(x), type_of_array(x))
    assert back.dtype == x.dtype
    np.testing.assert_array_equal(back.astype(np.float32), x.astype(np.float32))


@pytest.mark.parametrize("name", ["int4", "float4_e2m1fn", "float8_e4m3fn"])
def test_verifies(name: str, tmp_path: Path) -> None:
    path = tmp_path / "quantized.onnx"
    onnx.save(quantized_model(name), path)
    verification = verify_model(path, Options(workers=2), lambda text: None)
    assert verification.reference == "onnx's reference evaluator"
    assert verification.ok


@pytest.mark.parametrize("name", ["uint4", "float4_e2m1fn", "float8_e4m3fn", "float8_e8m0fnu"])
def test_saved_weights_keep_their_type(name: str, tmp_path: Path) -> None:
    values = np.array([1, 2, 4, 0.5]).astype(dtype_of(name))
    store = WeightStore("")
    store.add("w", values)
    store.save(tmp_path / "w.safetensors", ["w"])
    read = WeightStore("w.safetensors", tmp_path)["w"]
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read.astype(np.float32), values.astype(np.float32))


def test_ir_says_what_torch_carries(tmp_path: Path) -> None:
    path = tmp_path / "quantized.onnx"
    onnx.save(quantized_model("int4"), path)
    module = load(path)
    save_weights(module, tmp_path / "w.safetensors")
    text = StringIO()
    Printer(text).print_op(module)
    assert 'dataflow.weight "w" : tensor<5x6xi4>' in text.getvalue()


def ramiel(*arguments: str) -> None:
    """Run the command, which must end well."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == 0


def test_run_takes_what_numpy_files_can_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, file_dtype in (("int4", np.int8), ("float8_e5m2", np.float32)):
        path = tmp_path / f"{name}.onnx"
        onnx.save(quantized_model(name), path)
        np.save(tmp_path / "x.npy", operand(name).astype(file_dtype))
        arguments = ["run", str(path), "--input", f"x={tmp_path}/x.npy", "-o", str(tmp_path / name)]
        ramiel(*arguments)
        same = np.load(tmp_path / name / "same.npy")
        np.testing.assert_array_equal(same, operand(name).astype(file_dtype))
        ramiel("run", str(path), "--random", "0")
    assert "same: (3, 5) int8" in capsys.readouterr().out


def test_a_file_of_float32_is_not_rounded_in_silence() -> None:
    import torch

    declared = Input("x", torch.float8_e4m3fn, (1,))
    assert as_declared(torch.tensor([0.5]), declared).dtype == torch.float8_e4m3fn
    assert as_declared(torch.tensor([0.3]), declared).dtype == torch.float32
