// RUN: ramiel-opt --outline-constants -t 'pytorch{directory="%t"}' %s | filecheck %s
// RUN: filecheck %s --check-prefix LAYOUTS --input-file %t/_layouts.py

// A convolution by minimal filtering reads in model.py as any other: its weight knows how.

task.program @winograd(%x : tensor<1x2x8x8xf32>) -> (tensor<1x1x8x8xf32>) {
  task.cluster @cluster_0 {
    %w = dataflow.constant dense<2.0> : tensor<1x2x3x3xf32>
    %p = torch.prepare "operators.conv2d_winograd"(%w) {input_shape = [1, 2, 8, 8], padding = 1} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
    %y = torch.call "operators.conv2d"(%x, %p) {padding = 1, activation = "relu"} : (tensor<1x2x8x8xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x8x8xf32>
    task.output %y, 0 : tensor<1x1x8x8xf32>
  }
}

// CHECK: y = operators.conv2d(x, w["w"], padding=1, activation="relu")

// LAYOUTS:      layouts["w"] = operators.conv2d_winograd(
// LAYOUTS-NEXT:     w["w"], input_shape=(1, 2, 8, 8), padding=1
// LAYOUTS-NEXT: )
