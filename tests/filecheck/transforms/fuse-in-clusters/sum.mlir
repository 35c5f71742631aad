// RUN: ramiel-opt --fuse-in-clusters %s | filecheck %s

// One worker computes both branches: the later one adds the earlier one's result, and activates
// the sum.  It costs no more than the three of them.

task.program @sum(%x : tensor<1x8x8x8xf32>, %w : tensor<8x8x1x1xf32>) -> (tensor<1x8x8x8xf32>) {
  task.cluster @cluster_0 {
    %left = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32> attributes {cost = [900, 500]}
    %right = torch.call "operators.conv2d"(%x, %w) : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32> attributes {cost = [900, 500]} loc("/right")
    %sum = torch.call "operator.add"(%left, %right) : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> attributes {cost = [40, 30]}
    %relu = torch.call "torch.relu"(%sum) : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> attributes {cost = [20, 10]}
    task.output %relu, 0 : tensor<1x8x8x8xf32>
  }
}

// CHECK:      %left = torch.call "operators.conv2d"(%x, %w) :
// CHECK-NEXT: %relu = torch.call "operators.conv2d"(%x, %w, add = %left) {activation = "relu"} : {{.*}} attributes {cost = [960, 540]} loc("/right")
// CHECK-NEXT: task.output %relu, 0
