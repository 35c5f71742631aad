// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Two transposes are one, or none.

dataflow.graph @transposes(%x : tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  %0 = onnx.Transpose(%x) {perm = [1, 0, 2]} : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %1 = onnx.Transpose(%0) {perm = [2, 0, 1]} : (tensor<3x2x4xf32>) -> tensor<4x3x2xf32>
  %2 = onnx.Transpose(%1) : (tensor<4x3x2xf32>) -> tensor<2x3x4xf32>
  dataflow.output %1, %2 : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// CHECK:      [[REVERSED:%.*]] = onnx.Transpose(%x) {perm = [2, 1, 0]} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
// CHECK-NEXT: dataflow.output [[REVERSED]], %x
