// RUN: ramiel-opt --fuse-batch-norm %s 2>&1 | filecheck %s

// A BatchNormalization stays if nothing before it can take it, if it trains, or if its parameters
// are inputs.

dataflow.graph @stays(%x : tensor<1x1x4x4xf32>, %p : tensor<1xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = dataflow.constant dense<3.0> : tensor<1x1x1x1xf32>
  %relu = onnx.Relu(%x) : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %after_relu = onnx.BatchNormalization(%relu, %p, %p, %p, %p) : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("/after_relu")
  %conv = onnx.Conv(%x, %w) : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %after_conv = onnx.BatchNormalization(%conv, %p, %p, %p, %p) : (tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32> loc("/after_conv")
  dataflow.output %after_relu, %after_conv : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// CHECK-NOT: /after_relu: not fused
// CHECK:     remark: /after_conv: not fused: its weights are not constant, or it trains
// CHECK:     onnx.BatchNormalization(%relu
// CHECK:     onnx.BatchNormalization(%conv
