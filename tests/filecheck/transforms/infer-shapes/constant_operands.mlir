// RUN: ramiel-opt --infer-shapes %s | filecheck %s

// A shape may depend on the value of a constant operand.

dataflow.graph @constants(%x : tensor<2x6xf32>) -> (tensor<*xf32>) {
  %shape = dataflow.constant dense<[3, -1]> : tensor<2xi64>
  %0 = onnx.Reshape(%x, %shape) : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<*xf32>
  dataflow.output %0 : tensor<*xf32>
}

// CHECK: onnx.Reshape(%x, %shape) : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<3x4xf32>
