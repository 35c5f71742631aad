// RUN: ramiel-opt --record-clusters %s | filecheck %s

// Not recorded: a cluster with an operation that is random, or with one whose size only a call tells.

task.program @stays(%x : tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<4x?xi64>) {
  task.cluster @random {
    %conv = dataflow.constant dense<2.0> : tensor<1x1x1x1xf32>
    %p = torch.prepare "operators.pack_conv2d"(%conv) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %y = torch.call "operators.conv2d"(%x, %p) : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    %z = torch.call "operators.bernoulli"(%y) {dtype = #torch.dtype<float32>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
    task.output %z, 0 : tensor<1x1x2x2xf32>
  }
  task.cluster @sized {
    %conv = dataflow.constant dense<2.0> : tensor<1x1x1x1xf32>
    %p = torch.prepare "operators.pack_conv2d"(%conv) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %y = torch.call "operators.conv2d"(%x, %p) : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    %n = torch.call "nonzero_by_axis"(%y) : (tensor<1x1x2x2xf32>) -> tensor<4x?xi64>
    task.output %n, 1 : tensor<4x?xi64>
  }
}

// CHECK: task.cluster @random {
// CHECK: task.cluster @sized {
