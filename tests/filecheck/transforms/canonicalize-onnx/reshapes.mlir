// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// Of two reshapes one is left, or none; a 0 in the second target copies a dimension of the first
// result, which must stay then.

dataflow.graph @reshapes(%x : tensor<2x6xf32>, %d : tensor<?x6xf32>) -> (tensor<4x3xf32>, tensor<2x6xf32>, tensor<?x2x?xf32>) {
  %axes = dataflow.constant dense<0> : tensor<1xi64>
  %a = dataflow.constant dense<[3, -1]> : tensor<2xi64>
  %b = dataflow.constant dense<[4, 3]> : tensor<2xi64>
  %c = dataflow.constant dense<[0, 2, -1]> : tensor<3xi64>
  %0 = onnx.Reshape(%x, %a) : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  %1 = onnx.Reshape(%0, %b) : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<4x3xf32>
  %2 = onnx.Unsqueeze(%x, %axes) : (tensor<2x6xf32>, tensor<1xi64>) -> tensor<1x2x6xf32>
  %3 = onnx.Squeeze(%2, %axes) : (tensor<1x2x6xf32>, tensor<1xi64>) -> tensor<2x6xf32>
  %4 = onnx.Reshape(%d, %a) : (tensor<?x6xf32>, tensor<2xi64>) -> tensor<3x?xf32>
  %5 = onnx.Reshape(%4, %c) : (tensor<3x?xf32>, tensor<3xi64>) -> tensor<?x2x?xf32>
  dataflow.output %1, %3, %5 : tensor<4x3xf32>, tensor<2x6xf32>, tensor<?x2x?xf32>
}

// CHECK:      %shape = dataflow.constant dense<[4, 3]>
// CHECK-NEXT: [[ONE:%.*]] = onnx.Reshape(%x, %shape) : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<4x3xf32>
// CHECK-NEXT: [[INNER:%.*]] = onnx.Reshape(%d, %a)
// CHECK-NEXT: [[OUTER:%.*]] = onnx.Reshape([[INNER]], %c)
// CHECK-NEXT: dataflow.output [[ONE]], %x, [[OUTER]]
