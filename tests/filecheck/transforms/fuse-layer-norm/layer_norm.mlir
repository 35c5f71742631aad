// RUN: ramiel-opt --fuse-layer-norm %s | filecheck %s

// d / √(mean(d²) + ε) · s + b = LayerNormalization(x, s, b) for d = x - mean(x)

dataflow.graph @norm(%x : tensor<2x3x4xf32>, %s : tensor<4xf32>, %b : tensor<4xf32>) -> (tensor<2x3x4xf32>) {
  %axes = dataflow.constant dense<[-1]> : tensor<1xi64>
  %two = dataflow.constant dense<2.0> : tensor<f32>
  %epsilon = dataflow.constant dense<1.0> : tensor<f32>
  %mean = onnx.ReduceMean(%x, %axes) {keepdims = 1} : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<2x3x1xf32>
  %d = onnx.Sub(%x, %mean) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %square = onnx.Pow(%d, %two) : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  %variance = onnx.ReduceMean(%square, %axes) {keepdims = 1} : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<2x3x1xf32>
  %more = onnx.Add(%variance, %epsilon) : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
  %root = onnx.Sqrt(%more) : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %normal = onnx.Div(%d, %root) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %scaled = onnx.Mul(%normal, %s) : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %shifted = onnx.Add(%scaled, %b) : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  dataflow.output %shifted : tensor<2x3x4xf32>
}

// CHECK:      %shifted = onnx.LayerNormalization(%x, %s, %b) {axis = -1, epsilon = 1.0}
// CHECK-NEXT: dataflow.output %shifted
