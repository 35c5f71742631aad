// RUN: ramiel-opt --canonicalize-onnx %s | filecheck %s

// The slice of a Concat that is one of its operands is that operand; slices that are put together
// again, and the parts of a Split, are what they were cut from.

dataflow.graph @slices(%a : tensor<2x3xf32>, %b : tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %zero = dataflow.constant dense<0> : tensor<1xi64>
  %one = dataflow.constant dense<1> : tensor<1xi64>
  %three = dataflow.constant dense<3> : tensor<1xi64>
  %end = dataflow.constant dense<9223372036854775807> : tensor<1xi64>
  %ab = onnx.Concat(%a, %b) {axis = -1} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  %second = onnx.Slice(%ab, %three, %end, %one) : (tensor<2x7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x4xf32>
  %left = onnx.Slice(%b, %zero, %three, %one) : (tensor<2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3xf32>
  %right = onnx.Slice(%b, %three, %end, %one) : (tensor<2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x1xf32>
  %again = onnx.Concat(%left, %right) {axis = 1} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %p, %q = onnx.Split(%b) {axis = 1, num_outputs = 2} : (tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  %joined = onnx.Concat(%p, %q) {axis = 1} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
  dataflow.output %second, %again, %joined : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// CHECK-NOT: onnx.
// CHECK:     dataflow.output %b, %b, %b
