// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// What is known of a shape is constant, though other dimensions are dynamic.

dataflow.graph @arithmetic(%x : tensor<?x3x8xf32, ["batch"]>) -> (tensor<2xi64>, tensor<1xi64>) {
  %one = dataflow.constant dense<1> : tensor<i64>
  %two = dataflow.constant dense<2> : tensor<i64>
  %zero = dataflow.constant dense<0> : tensor<1xi64>
  %ends = dataflow.constant dense<1> : tensor<1xi64>
  %shape = onnx.Shape(%x) : (tensor<?x3x8xf32, ["batch"]>) -> tensor<3xi64>
  %channels = onnx.Gather(%shape, %one) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %half = onnx.Div(%channels, %two) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %half_1 = onnx.Unsqueeze(%half, %zero) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %rest = onnx.Shape(%x) {start = 2} : (tensor<?x3x8xf32, ["batch"]>) -> tensor<1xi64>
  %target = onnx.Concat(%half_1, %rest) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %batch = onnx.Slice(%shape, %zero, %ends) : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  dataflow.output %target, %batch : tensor<2xi64>, tensor<1xi64>
}

// CHECK:      %shape = onnx.Shape(%x)
// CHECK-NEXT: %target = dataflow.constant dense<[1, 8]> : tensor<2xi64>
// CHECK-NEXT: %batch = onnx.Slice(%shape, %zero, %ends)
// CHECK-NEXT: dataflow.output %target, %batch
