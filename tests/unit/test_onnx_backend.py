"""A sample of ONNX's own backend tests through `ramiel.onnx_backend`; `make conformance` runs all.

The sample is one test for each way through the compiler (plain operators, quantization, control
flow, sequences, optionals, dynamic shapes, functions), and every twentieth of those that passed
when tests/conformance/passing.txt was written.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.backend.base import Device
from onnx.backend.test import BackendTest

import ramiel.onnx_backend as backend
from ramiel.errors import RamielError

PASSING = Path(__file__).parents[1] / "conformance" / "passing.txt"
BASELINE = PASSING.read_text(encoding="utf-8").split()
CHOSEN = (
    "add",
    "argmax_default_axis_example",
    "averagepool_2d_pads_count_include_pad",
    "batchnorm_epsilon",
    "cast_FLOAT_to_BFLOAT16",
    "conv_with_strides_padding",
    "dequantizelinear_axis",
    "gather_negative_indices",
    "gelu_tanh_1",
    "if",
    "if_seq",
    "if_opt",
    "layer_normalization_2d_axis1",
    "loop11",
    "loop13_seq",
    "lstm_with_peepholes",
    "matmul_3d",
    "nonmaxsuppression_two_classes",
    "optional_has_element_empty_optional_input",
    "qlinearmatmul_2D_uint8_float32",
    "reshape_zero_and_negative_dim",
    "resize_upsample_sizes_nearest",
    "scan9_multi_state",
    "sequence_map_add_1_sequence_1_tensor_expanded",
    "slice_negative_axes",
    "softmax_axis_1_expanded",
    "split_to_sequence_nokeepdims",
    "sub_uint64",
)

SAMPLE = {*(f"test_{name}" for name in CHOSEN), *BASELINE[::20]}

suite = BackendTest(backend.RamielBackend, __name__)
for title, case in suite.test_cases.items():
    for name in [name for name in vars(case) if name.startswith("test_")]:
        if name.removesuffix("_cpu") not in SAMPLE:
            delattr(case, name)
    globals()[title] = case


def test_the_baseline_is_of_tests_that_there_are() -> None:
    there = {
        name.removesuffix("_cpu")
        for case in BackendTest(backend.RamielBackend, __name__).test_cases.values()
        for name in vars(case)
    }
    assert set(BASELINE) <= there and {f"test_{name}" for name in CHOSEN} <= set(BASELINE)


def test_run_node_takes_arrays_and_infers_the_outputs() -> None:
    node = onnx.helper.make_node("Gemm", ["a", "b"], ["y"], transB=1)
    a, b = np.ones((2, 3), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3)
    [y] = backend.run_node(node, [a, b])
    assert y.tolist() == (a @ b.T).tolist()


def test_only_the_cpu_is_supported() -> None:
    assert backend.supports_device("CPU") and not backend.supports_device("CUDA")
    assert Device("CPU").type == 0
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> agraph (float[2] x) => (float[2] y) '
        "{ y = Relu(x) }"
    )
    with pytest.raises(RamielError, match="CUDA"):
        backend.prepare(model, "CUDA")


def test_outputs_have_names() -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> agraph (float[2] x) => (float[2] y) '
        "{ y = Neg(x) }"
    )
    outputs = backend.run_model(model, {"x": np.ones(2, np.float32)})
    assert outputs.y.tolist() == [-1, -1]
