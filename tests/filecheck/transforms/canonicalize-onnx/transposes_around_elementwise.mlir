// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Transposes around element-wise operations cancel, however many operations there are between them.

dataflow.graph @transposes(%x : tensor<1x3x4x5xf32>) -> (tensor<1x3x4x5xf32>) {
  %one = dataflow.constant dense<1.0> : tensor<f32>
  %0 = onnx.Transpose(%x) {perm = [0, 2, 3, 1]} : (tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32>
  %1 = onnx.LeakyRelu(%0) {alpha = 0.1} : (tensor<1x4x5x3xf32>) -> tensor<1x4x5x3xf32>
  %2 = onnx.Transpose(%1) {perm = [0, 3, 1, 2]} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x5xf32>
  %3 = onnx.Transpose(%2) {perm = [0, 2, 3, 1]} : (tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32>
  %4 = onnx.Add(%3, %one) : (tensor<1x4x5x3xf32>, tensor<f32>) -> tensor<1x4x5x3xf32>
  %5 = onnx.Transpose(%4) {perm = [0, 3, 1, 2]} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x5xf32>
  dataflow.output %5 : tensor<1x3x4x5xf32>
}

// CHECK-NOT:  onnx.Transpose
// CHECK:      [[RELU:%.*]] = onnx.LeakyRelu(%x) {alpha = 0.1
// CHECK-NEXT: [[SUM:%.*]] = onnx.Add([[RELU]], %one)
// CHECK-NEXT: dataflow.output [[SUM]]
