// RUN: ramiel-opt --outline-constants --fuse-linear --weights-out %t.safetensors %s | filecheck %s

// A product of two activations is no linear layer, and a column added to a product is no bias.

dataflow.graph @stays(%x : tensor<3x2xf32>, %y : tensor<2x3xf32>) -> (tensor<3x3xf32>) {
  %column = dataflow.constant dense<[[7.0], [8.0], [9.0]]> : tensor<3x1xf32>
  %product = torch.call "operator.matmul"(%x, %y) : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
  %sum = torch.call "operator.add"(%product, %column) : (tensor<3x3xf32>, tensor<3x1xf32>) -> tensor<3x3xf32>
  dataflow.output %sum : tensor<3x3xf32>
}

// CHECK: torch.call "operator.matmul"
// CHECK: torch.call "operator.add"
