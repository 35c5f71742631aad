// RUN: ramiel-opt --fuse-gelu %s | filecheck %s

// x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) = Gelu(x) {approximate = "tanh"}

dataflow.graph @tanh(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  %one = dataflow.constant dense<1.0> : tensor<f32>
  %half = dataflow.constant dense<0.5> : tensor<f32>
  %three = dataflow.constant dense<3.0> : tensor<f32>
  %cubic = dataflow.constant dense<0.044715> : tensor<f32>
  %factor = dataflow.constant dense<0.7978846> : tensor<f32>
  %a = onnx.Pow(%x, %three) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = onnx.Mul(%cubic, %a) : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %c = onnx.Add(%x, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = onnx.Mul(%c, %factor) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = onnx.Tanh(%d) : (tensor<4xf32>) -> tensor<4xf32>
  %f = onnx.Add(%e, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %g = onnx.Mul(%x, %half) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %gelu = onnx.Mul(%g, %f) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dataflow.output %gelu : tensor<4xf32>
}

// CHECK:      %gelu = onnx.Gelu(%x) {approximate = "tanh"}
// CHECK-NEXT: dataflow.output %gelu
