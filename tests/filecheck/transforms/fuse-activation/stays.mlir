// RUN: ramiel-opt --fuse-activation %s | filecheck %s

// Branches of the same depth stay apart: fused, one would wait for the other.  A result that
// something else reads too is not activated in its place.

dataflow.graph @stays(%x : tensor<1x8x8x8xf32>) -> (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %left = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %right = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %sum = torch.call "operator.add"(%left, %right) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %both = torch.call "operators.conv2d"(%sum, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %relu = torch.call "torch.relu"(%both) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  dataflow.output %sum, %both, %relu : tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>
}

// CHECK: torch.call "operator.add"(%left, %right)
// CHECK: %both = torch.call "operators.conv2d"(%sum, %w) :
// CHECK: torch.call "torch.relu"(%both)
