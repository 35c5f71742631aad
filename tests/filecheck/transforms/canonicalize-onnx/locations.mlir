// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// What takes the place of an operation has its name and its location.

dataflow.graph @locations(%x : tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<3xi64>) {
  %inner = onnx.Transpose(%x) {perm = [1, 0, 2]} : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32> loc("/inner")
  %outer = onnx.Transpose(%inner) {perm = [2, 0, 1]} : (tensor<3x2x4xf32>) -> tensor<4x3x2xf32> loc("/outer")
  %sizes = onnx.Shape(%x) : (tensor<2x3x4xf32>) -> tensor<3xi64> loc("/shape")
  dataflow.output %outer, %sizes : tensor<4x3x2xf32>, tensor<3xi64>
}

// CHECK:      %outer = onnx.Transpose(%x) {perm = [2, 1, 0]} : {{.*}} loc("/outer")
// CHECK-NEXT: %sizes = dataflow.constant dense<[2, 3, 4]> : tensor<3xi64> loc("/shape")
