// RUN: ramiel-opt --fuse-attention %s | filecheck %s

// Weights that something else reads too are computed as they are written; so is a softmax over
// another axis.

dataflow.graph @stays(%q : tensor<2x3x5x4xf32>, %keys : tensor<2x3x5x4xf32>, %v : tensor<2x3x5x4xf32>) -> (tensor<2x3x5x4xf32>, tensor<2x3x5x5xf32>, tensor<2x3x5x4xf32>) {
  %k = onnx.Transpose(%keys) {perm = [0, 1, 3, 2]} : (tensor<2x3x5x4xf32>) -> tensor<2x3x4x5xf32>
  %scores = onnx.MatMul(%q, %k) : (tensor<2x3x5x4xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x5x5xf32>
  %weights = onnx.Softmax(%scores) {axis = -1} : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  %y = onnx.MatMul(%weights, %v) : (tensor<2x3x5x5xf32>, tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %others = onnx.MatMul(%q, %k) : (tensor<2x3x5x4xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x5x5xf32>
  %columns = onnx.Softmax(%others) {axis = 2} : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  %z = onnx.MatMul(%columns, %v) : (tensor<2x3x5x5xf32>, tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  dataflow.output %y, %weights, %z : tensor<2x3x5x4xf32>, tensor<2x3x5x5xf32>, tensor<2x3x5x4xf32>
}

// CHECK-NOT: onnx.Attention
