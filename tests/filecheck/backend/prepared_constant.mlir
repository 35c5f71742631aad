// RUN: not ramiel-opt -t pytorch %s 2>&1 | filecheck %s
// RUN: ramiel-opt --outline-constants -t pytorch %s

// What is prepared has the name of a weight: a constant has none yet.

// CHECK:      %p = torch.prepare
// CHECK-NEXT: ^
// CHECK-NEXT: prepares a constant: run --outline-constants first
task.program @prepared(%x : tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>) {
  task.cluster @cluster_0 {
    %w = dataflow.constant dense<2.0> : tensor<1x1x1x1xf32>
    %p = torch.prepare "operators.pack_conv2d"(%w) {input_shape = [1, 1, 2, 2]} : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %y = torch.call "operators.conv2d"(%x, %p) : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
    task.output %y, 0 : tensor<1x1x2x2xf32>
  }
}
