// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// Before opset 7 the second operand was aligned with dimensions of the first from an axis on.

dataflow.graph @broadcast(%x : tensor<2x3x4xf32>, %b : tensor<3xf32>, %c : tensor<4xf32>) -> (tensor<2x3x4xf32>) {
  %0 = onnx.Add_v6(%x, %b) {axis = 1, broadcast = 1} : (tensor<2x3x4xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
  %1 = onnx.Mul_v6(%0, %c) {broadcast = 1} : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  dataflow.output %1 : tensor<2x3x4xf32>
}

// CHECK:      %axes = dataflow.constant dense<1> : tensor<1xi64>
// CHECK-NEXT: [[B:%.*]] = onnx.Unsqueeze(%b, %axes) : (tensor<3xf32>, tensor<1xi64>) -> tensor<3x1xf32>
// CHECK-NEXT: [[SUM:%.*]] = onnx.Add(%x, [[B]])
// CHECK-NEXT: onnx.Mul([[SUM]], %c)
