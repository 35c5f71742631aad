// RUN: ramiel-opt --constant-fold %s | filecheck %s

// An operation on constants is computed when compiling.  A result of up to 16 numbers stands in the
// text, under the operation's name and location.

dataflow.graph @fold(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  %a = dataflow.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = dataflow.constant dense<0.5> : tensor<f32>
  %sum = onnx.Add(%a, %b) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32> loc("/sum")
  %scale = onnx.Mul(%sum, %sum) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> loc("/scale")
  %0 = onnx.Mul(%x, %scale) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0 : tensor<2xf32>
}

// CHECK:      dataflow.graph @fold
// CHECK-NEXT:   %scale = dataflow.constant dense<[2.250000e+00, 6.250000e+00]> : tensor<2xf32> loc("/scale")
// CHECK-NEXT:   %0 = onnx.Mul(%x, %scale)
