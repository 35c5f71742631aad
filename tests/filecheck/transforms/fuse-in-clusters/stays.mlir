// RUN: ramiel-opt --fuse-in-clusters %s | filecheck %s

// A convolution does not wait for a message that only the sum needs.  What something else reads,
// or what is added to itself, is computed alone.

task.program @stays(%x : tensor<1x8x8x8xf32>, %w : tensor<8x8x1x1xf32>) -> (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) {
  %c = task.channel : !task.channel<tensor<1x8x8x8xf32>>
  task.cluster @cluster_0 {
    %here = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
    %there = task.recv %c : tensor<1x8x8x8xf32>
    %late = torch.call "operator.add"(%here, %there) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    %twice = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
    %double = torch.call "operator.add"(%twice, %twice) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    %shared = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
    %both = torch.call "operator.add"(%shared, %x) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    %all = torch.call "operator.add"(%both, %shared) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    task.output %late, 0 : tensor<1x8x8x8xf32>
    task.output %double, 1 : tensor<1x8x8x8xf32>
    task.output %all, 2 : tensor<1x8x8x8xf32>
  }
  task.cluster @cluster_1 {
    %relu = torch.call "torch.relu"(%x) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    task.send %relu, %c : tensor<1x8x8x8xf32>
  }
}

// CHECK:     torch.call "operator.add"(%here, %there)
// CHECK:     torch.call "operator.add"(%twice, %twice)
// CHECK:     torch.call "operator.add"(%shared, %x)
