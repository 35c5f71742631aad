// RUN: ramiel-opt --fuse-layer-norm --dce --convert-onnx-to-torch -t 'pytorch{style="script"}' %s | filecheck %s

// What exporters take to pieces is F.layer_norm.

dataflow.graph @net(%x : tensor<2x4xf32>, %scale : tensor<4xf32>, %shift : tensor<4xf32>) -> (tensor<2x4xf32>) {
  %axes = dataflow.constant dense<[-1]> : tensor<1xi64>
  %two = dataflow.constant dense<2.0> : tensor<f32>
  %epsilon = dataflow.constant dense<1.0e-5> : tensor<f32>
  %mean = onnx.ReduceMean(%x, %axes) {keepdims = 1} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %centered = onnx.Sub(%x, %mean) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %squares = onnx.Pow(%centered, %two) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %variance = onnx.ReduceMean(%squares, %axes) {keepdims = 1} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %shifted = onnx.Add(%variance, %epsilon) : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %deviation = onnx.Sqrt(%shifted) : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %normal = onnx.Div(%centered, %deviation) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %scaled = onnx.Mul(%normal, %scale) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %y = onnx.Add(%scaled, %shift) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  dataflow.output %y : tensor<2x4xf32>
}

// CHECK: return F.layer_norm(x, (4,), scale, shift)
