// RUN: ramiel-opt --fuse-batch-norm %s 2>&1 | filecheck %s

// A Conv that something else reads too must give what it gave.

dataflow.graph @two(%x : tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = dataflow.constant dense<3.0> : tensor<1x1x1x1xf32>
  %s = dataflow.constant dense<2.0> : tensor<1xf32>
  %conv = onnx.Conv(%x, %w) : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32> loc("/conv")
  %norm = onnx.BatchNormalization(%conv, %s, %s, %s, %s) : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("/norm")
  dataflow.output %norm, %conv : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// CHECK: remark: /norm: not fused: the Conv has two readers
// CHECK: onnx.BatchNormalization(%conv
