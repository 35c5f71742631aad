// RUN: ramiel-opt --fuse-gelu %s | filecheck %s

// x · ½ · (1 + erf(x / √2)) = Gelu(x), the factors in any order.  Twice as much is no GELU.

dataflow.graph @erf(%x : tensor<4xf32>, %y : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %root = dataflow.constant dense<1.41421354> : tensor<f32>
  %one = dataflow.constant dense<1.0> : tensor<f32>
  %half = dataflow.constant dense<0.5> : tensor<f32>
  %a = onnx.Div(%x, %root) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = onnx.Erf(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %c = onnx.Add(%b, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %d = onnx.Mul(%x, %c) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %gelu = onnx.Mul(%d, %half) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32> loc("/act/Mul_1")
  %e = onnx.Div(%y, %root) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %f = onnx.Erf(%e) : (tensor<4xf32>) -> tensor<4xf32>
  %g = onnx.Add(%f, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %double = onnx.Mul(%y, %g) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %gelu, %double : tensor<4xf32>, tensor<4xf32>
}

// CHECK:     %gelu = onnx.Gelu(%x) {approximate = "none"} : (tensor<4xf32>) -> tensor<4xf32> loc("/act/Mul_1")
// CHECK-NOT: onnx.Gelu
// CHECK:     %double = onnx.Mul(%y, %g)
