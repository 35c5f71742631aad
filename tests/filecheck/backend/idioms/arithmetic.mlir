// RUN: ramiel-opt --convert-onnx-to-torch --dce -t 'pytorch{style="script"}' %s | filecheck %s

// Arithmetic is written with Python's operators, also with a number.

dataflow.graph @net(%x : tensor<2x4xf32>, %y : tensor<2x4xf32>) -> (tensor<2x4xf32>) {
  %two = dataflow.constant dense<2.0> : tensor<f32>
  %sum = onnx.Add(%x, %y) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %product = onnx.Mul(%sum, %two) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %difference = onnx.Sub(%product, %y) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %negative = onnx.Neg(%difference) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %quotient = onnx.Div(%negative, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %power = onnx.Pow(%quotient, %two) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  dataflow.output %power : tensor<2x4xf32>
}

// CHECK:          sum_ = x + y
// CHECK-NEXT:     product = sum_ * 2.0
// CHECK-NEXT:     difference = product - y
// CHECK-NEXT:     negative = -difference
// CHECK-NEXT:     quotient = negative / x
// CHECK-NEXT:     return quotient**2
