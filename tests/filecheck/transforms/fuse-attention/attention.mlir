// RUN: ramiel-opt --fuse-attention %s | filecheck %s

// softmax(q · kᵀ / c + mask) · v = Attention(q, k, v, mask) {scale = 1 / c}.  The Transpose of the
// keys is undone: by another one only if it also moved other axes.

dataflow.graph @attention(%q : tensor<2x3x5x4xf32>, %keys : tensor<2x6x3x4xf32>, %v : tensor<2x3x6x4xf32>, %mask : tensor<2x1x1x6xf32>) -> (tensor<2x3x5x4xf32>) {
  %eight = dataflow.constant dense<8.0> : tensor<f32>
  %k = onnx.Transpose(%keys) {perm = [0, 2, 3, 1]} : (tensor<2x6x3x4xf32>) -> tensor<2x3x4x6xf32>
  %product = onnx.MatMul(%q, %k) : (tensor<2x3x5x4xf32>, tensor<2x3x4x6xf32>) -> tensor<2x3x5x6xf32>
  %scaled = onnx.Div(%product, %eight) : (tensor<2x3x5x6xf32>, tensor<f32>) -> tensor<2x3x5x6xf32>
  %scores = onnx.Add(%scaled, %mask) : (tensor<2x3x5x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x3x5x6xf32>
  %weights = onnx.Softmax(%scores) {axis = -1} : (tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %y = onnx.MatMul(%weights, %v) : (tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32>
  dataflow.output %y : tensor<2x3x5x4xf32>
}

// CHECK:      %[[K:.*]] = onnx.Transpose(%keys) {perm = [0, 2, 1, 3]} : (tensor<2x6x3x4xf32>) -> tensor<2x3x6x4xf32>
// CHECK-NEXT: %y = onnx.Attention(%q, %[[K]], %v, %mask) {{.*}}scale = 0.125
// CHECK-NEXT: dataflow.output %y
