// RUN: ramiel-opt --fuse-crop %s | filecheck %s

// A pooling of a padded picture without its first row: neither the row nor the padding is left.  A
// Slice at the end, or of channels, stays.

dataflow.graph @pooling(%x : tensor<1x8x12x12xf32>, %w : tensor<16x8x1x1xf32>) -> (tensor<1x8x6x6xf32>, tensor<1x15x12x12xf32>) {
  %pads = dataflow.constant dense<[0, 0, 1, 0, 0, 0, 0, 0]> : tensor<8xi64>
  %one = dataflow.constant dense<1> : tensor<1xi64>
  %end = dataflow.constant dense<9223372036854775807> : tensor<1xi64>
  %rows = dataflow.constant dense<2> : tensor<1xi64>
  %0 = onnx.Pad(%x, %pads) {mode = "constant"} : (tensor<1x8x12x12xf32>, tensor<8xi64>) -> tensor<1x8x13x12xf32>
  %1 = onnx.MaxPool(%0) {kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]} : (tensor<1x8x13x12xf32>) -> tensor<1x8x7x6xf32>
  %2 = onnx.Slice(%1, %one, %end, %rows) : (tensor<1x8x7x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8x6x6xf32>
  %3 = onnx.Conv(%x, %w) {group = 1} : (tensor<1x8x12x12xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x12x12xf32>
  %4 = onnx.Slice(%3, %one, %end, %one) : (tensor<1x16x12x12xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x15x12x12xf32>
  dataflow.output %2, %4 : tensor<1x8x6x6xf32>, tensor<1x15x12x12xf32>
}

// CHECK-NOT:  onnx.Pad
// CHECK:      onnx.MaxPool(%x) {{.*}}pads = [0, 1, 1, 1]{{.*}} -> tensor<1x8x6x6xf32>
// CHECK-NEXT: onnx.Conv
// CHECK-NEXT: onnx.Slice
