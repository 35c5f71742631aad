// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s

// An operation is its operands by position, its attributes, and the types of both sides; integers
// are i64 and floats f64 unless they say otherwise.  What a pass attaches stands after the types.

dataflow.graph @conv(%x : tensor<1x3x8x8xf32>, %w : tensor<4x3x3x3xf32>) -> (tensor<1x4x8x8xf32>) {
  %0 = onnx.Conv(%x, %w) {pads = [1, 1, 1, 1], auto_pad = "NOTSET"} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/conv1/Conv")
  %1 = onnx.LeakyRelu(%0) {alpha = 1.0e-05} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> attributes {cost = [3]}
  dataflow.output %1 : tensor<1x4x8x8xf32>
}

// CHECK:      %0 = onnx.Conv(%x, %w) {pads = [1, 1, 1, 1], auto_pad = "NOTSET"} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32> loc("/conv1/Conv")
// CHECK-NEXT: %1 = onnx.LeakyRelu(%0) {alpha = 1.0e-05} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> attributes {cost = [3]}
