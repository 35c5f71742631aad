// RUN: ramiel-opt --print-op-generic %s | filecheck %s
// RUN: ramiel-opt --print-op-generic %s | ramiel-opt --print-op-generic | filecheck %s

// The generic form: attributes are properties, and an operator with several optional operands says
// which of them are there.

dataflow.graph @generic(%x : tensor<2x3xf32>, %max : tensor<f32>) -> (tensor<2x3xf32>) {
  %0 = onnx.Clip(%x, _, %max) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %1 = onnx.Softmax(%0) {axis = 1} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  dataflow.output %1 : tensor<2x3xf32>
}

// CHECK:      "dataflow.graph"() <{sym_name = "generic", function_type = (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>}> ({
// CHECK:        %0 = "onnx.Clip"(%x, %max) <{operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT:   %1 = "onnx.Softmax"(%0) <{axis = 1 : i64}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   "dataflow.output"(%1) : (tensor<2x3xf32>) -> ()
