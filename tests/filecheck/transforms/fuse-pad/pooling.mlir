// RUN: ramiel-opt --fuse-pad %s | filecheck %s

// A maximum pads with -∞, and an average that counts its padding with 0; a Pad with another value
// than that stays.

dataflow.graph @pooling(%x : tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %pads = dataflow.constant dense<[0, 0, 1, 1, 0, 0, 1, 1]> : tensor<8xi64>
  %least = dataflow.constant dense<"0x000080FF"> : tensor<f32>
  %0 = onnx.Pad(%x, %pads, %least) {mode = "constant"} : (tensor<1x2x4x4xf32>, tensor<8xi64>, tensor<f32>) -> tensor<1x2x6x6xf32>
  %1 = onnx.MaxPool(%0) {kernel_shape = [3, 3]} : (tensor<1x2x6x6xf32>) -> tensor<1x2x4x4xf32>
  %2 = onnx.Pad(%x, %pads) {mode = "constant"} : (tensor<1x2x4x4xf32>, tensor<8xi64>) -> tensor<1x2x6x6xf32>
  %3 = onnx.AveragePool(%2) {kernel_shape = [3, 3]} : (tensor<1x2x6x6xf32>) -> tensor<1x2x4x4xf32>
  %4 = onnx.MaxPool(%2) {kernel_shape = [3, 3]} : (tensor<1x2x6x6xf32>) -> tensor<1x2x4x4xf32>
  dataflow.output %1, %3, %4 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// CHECK:      onnx.MaxPool(%x) {kernel_shape = [3, 3], pads = [1, 1, 1, 1]
// CHECK-NEXT: [[PADDED:%.*]] = onnx.Pad(%x, %pads)
// CHECK-NEXT: onnx.AveragePool(%x) {kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 1}
// CHECK-NEXT: onnx.MaxPool([[PADDED]]) {kernel_shape = [3, 3]}
