// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// Before opset 13 Softmax went over all dimensions from the axis on.

dataflow.graph @softmax(%x : tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  %0 = onnx.Softmax_v11(%x) {axis = 2} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %1 = onnx.Softmax_v11(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  dataflow.output %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// CHECK:      %0 = onnx.Softmax(%x) {axis = -1}
// CHECK-NEXT: [[ROWS:%.*]] = onnx.Flatten(%x) {axis = 1} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
// CHECK-NEXT: [[DONE:%.*]] = onnx.Softmax([[ROWS]]) {axis = -1}
// CHECK-NEXT: %shape = dataflow.constant dense<[2, 3, 4]>
// CHECK-NEXT: onnx.Reshape([[DONE]], %shape) {allowzero = 1} : {{.*}} -> tensor<2x3x4xf32>
