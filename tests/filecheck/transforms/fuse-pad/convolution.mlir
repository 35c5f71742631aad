// RUN: ramiel-opt --fuse-pad --split-input-file %s | filecheck %s

// A Pad with zeros adds to the pads of the convolution that reads it.

dataflow.graph @conv(%x : tensor<1x2x5x6xf32>, %w : tensor<3x2x3x3xf32>) -> (tensor<1x3x6x8xf32>) {
  %pads = dataflow.constant dense<[0, 0, 0, 1, 0, 0, 1, 1]> : tensor<8xi64>
  %p = onnx.Pad(%x, %pads) : (tensor<1x2x5x6xf32>, tensor<8xi64>) -> tensor<1x2x6x8xf32>
  %y = onnx.Conv(%p, %w) {pads = [1, 1, 1, 1]} : (tensor<1x2x6x8xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x6x8xf32>
  dataflow.output %y : tensor<1x3x6x8xf32>
}

// CHECK-LABEL: @conv
// CHECK-NOT:   onnx.Pad
// CHECK:       %y = onnx.Conv(%x, %w) {pads = [1, 2, 2, 2]}

// -----

// An average counts the zeros of the Pad.

dataflow.graph @average(%x : tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>) {
  %pads = dataflow.constant dense<[0, 0, 1, 1, 0, 0, 1, 1]> : tensor<8xi64>
  %p = onnx.Pad(%x, %pads) : (tensor<1x2x4x4xf32>, tensor<8xi64>) -> tensor<1x2x6x6xf32>
  %y = onnx.AveragePool(%p) {kernel_shape = [3, 3]} : (tensor<1x2x6x6xf32>) -> tensor<1x2x4x4xf32>
  dataflow.output %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @average
// CHECK:       %y = onnx.AveragePool(%x) {kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 1}

// -----

// Zeros are not what a maximum pads with, and a Pad of channels is not the convolution's.

dataflow.graph @stays(%x : tensor<1x2x4x4xf32>, %w : tensor<3x3x3x3xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x3x2x2xf32>) {
  %pads = dataflow.constant dense<[0, 0, 1, 1, 0, 0, 1, 1]> : tensor<8xi64>
  %channel = dataflow.constant dense<[0, 0, 0, 0, 0, 1, 0, 0]> : tensor<8xi64>
  %p = onnx.Pad(%x, %pads) : (tensor<1x2x4x4xf32>, tensor<8xi64>) -> tensor<1x2x6x6xf32>
  %y = onnx.MaxPool(%p) {kernel_shape = [3, 3]} : (tensor<1x2x6x6xf32>) -> tensor<1x2x4x4xf32>
  %q = onnx.Pad(%x, %channel) : (tensor<1x2x4x4xf32>, tensor<8xi64>) -> tensor<1x3x4x4xf32>
  %z = onnx.Conv(%q, %w) : (tensor<1x3x4x4xf32>, tensor<3x3x3x3xf32>) -> tensor<1x3x2x2xf32>
  dataflow.output %y, %z : tensor<1x2x4x4xf32>, tensor<1x3x2x2xf32>
}

// CHECK-LABEL: @stays
// CHECK:       onnx.MaxPool(%p)
// CHECK:       onnx.Conv(%q, %w)
