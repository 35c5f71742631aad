// RUN: ramiel-opt --symmetric-pads %s | filecheck %s

// Filters of a depthwise convolution get a row and a column of zeros on the side that pads less.  A
// convolution over all channels stays: the zeros would be work.

dataflow.graph @depthwise(%x : tensor<1x1x6x6xf32>, %y : tensor<1x2x6x6xf32>) -> (tensor<1x1x6x6xf32>, tensor<1x2x5x6xf32>) {
  %d = dataflow.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>
  %w = dataflow.constant dense<[[[[1.0]], [[3.0]]], [[[5.0]], [[7.0]]]]> : tensor<2x2x1x1xf32>
  %0 = onnx.Conv(%x, %d) {group = 1, pads = [0, 0, 1, 1]} : (tensor<1x1x6x6xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x6x6xf32>
  %1 = onnx.Conv(%y, %w) {group = 1, strides = [2, 1], pads = [1, 0, 2, 0]} : (tensor<1x2x6x6xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x5x6xf32>
  dataflow.output %0, %1 : tensor<1x1x6x6xf32>, tensor<1x2x5x6xf32>
}

// CHECK:      [[WIDE:%.*]] = dataflow.constant dense<{{\[\[\[\[}}0.000000e+00, 0.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00, 2.000000e+00], [0.000000e+00, 3.000000e+00, 4.000000e+00]]]]> : tensor<1x1x3x3xf32>
// CHECK-NEXT: onnx.Conv(%x, [[WIDE]]) {group = 1, pads = [1, 1, 1, 1], kernel_shape = [3, 3]}
// CHECK-NEXT: onnx.Conv(%y, %w) {group = 1, strides = [2, 1], pads = [1, 0, 2, 0]}
