// RUN: ramiel-opt --fuse-activation %s | filecheck %s

// A shortcut is there before the last convolution of its block starts, so that convolution adds it.

dataflow.graph @sum(%x : tensor<1x8x8x8xf32>) -> (tensor<1x8x8x8xf32>) attributes {weights = "model.onnx"} {
  %w = dataflow.weight "w" : tensor<8x8x1x1xf32>
  %first = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %last = torch.call "operators.conv2d"(%first, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  %sum = torch.call "operator.add"(%last, %first) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %relu = torch.call "torch.relu"(%sum) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  dataflow.output %relu : tensor<1x8x8x8xf32>
}

// CHECK: %relu = torch.call "operators.conv2d"(%first, %w, add = %first) {activation = "relu"}
