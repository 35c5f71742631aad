// RUN: ramiel-opt --fuse-batch-norm %s | filecheck %s

// s = scale / √(variance + ε) = [2, 1] goes into the weights, bias - s·mean = [-1, 5] is the bias.

dataflow.graph @fuse(%x : tensor<1x1x4x4xf32>) -> (tensor<1x2x4x4xf32>) {
  %w = dataflow.constant dense<[[[[3.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  %scale = dataflow.constant dense<[4.0, 2.0]> : tensor<2xf32>
  %bias = dataflow.constant dense<[1.0, 5.0]> : tensor<2xf32>
  %mean = dataflow.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %variance = dataflow.constant dense<[3.0, 3.0]> : tensor<2xf32>
  %conv = onnx.Conv(%x, %w) {group = 1} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32> loc("/conv")
  %norm = onnx.BatchNormalization(%conv, %scale, %bias, %mean, %variance) {epsilon = 1.0} : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32> loc("/norm")
  dataflow.output %norm : tensor<1x2x4x4xf32>
}

// CHECK:      dataflow.graph @fuse
// CHECK-NEXT:   %w_fused = dataflow.constant dense<{{\[\[\[\[}}6.000000e+00]]], {{\[\[\[}}5.000000e+00]]]]>
// CHECK-NEXT:   %bias_fused = dataflow.constant dense<[-1.000000e+00, 5.000000e+00]>
// CHECK-NEXT:   %conv = onnx.Conv(%x, %w_fused, %bias_fused) {group = 1} : {{.*}} loc("/conv")
// CHECK-NEXT:   dataflow.output %conv
