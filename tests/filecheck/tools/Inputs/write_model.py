"""Writes a model of two layers: `python write_model.py FILE.onnx`."""

import sys

import onnx
from onnx import TensorProto, helper

graph = helper.make_graph(
    [
        helper.make_node("Relu", ["x"], ["a"], "/act/Relu"),
        helper.make_node("MatMul", ["a", "fc.weight"], ["y"], "/fc/MatMul"),
    ],
    "two_layers",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
    [helper.make_tensor("fc.weight", TensorProto.FLOAT, [4, 3], range(12))],
)
opsets = [helper.make_opsetid("", 17)]
onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), sys.argv[1])
