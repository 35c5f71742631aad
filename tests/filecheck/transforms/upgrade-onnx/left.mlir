// RUN: ramiel-opt --upgrade-onnx %s | filecheck %s

// What the newest form cannot say stays: statistics of each activation, an output shape whose odd
// pixel stands on the other side, rounding that depends on a scale that is not known.

dataflow.graph @left(%x : tensor<1x1x2x2xf32>, %s : tensor<1x2x2xf32>, %w : tensor<1x1x2x2xf32>, %scales : tensor<4xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>, tensor<?x?x?x?xf32>) {
  %0 = onnx.BatchNormalization_v7(%x, %s, %s, %s, %s) {spatial = 0} : (tensor<1x1x2x2xf32>, tensor<1x2x2xf32>, tensor<1x2x2xf32>, tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %1 = onnx.ConvTranspose_v1(%x, %w) {output_shape = [4, 4]} : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x4x4xf32>
  %2 = onnx.Resize_v10(%x, %scales) : (tensor<1x1x2x2xf32>, tensor<4xf32>) -> tensor<?x?x?x?xf32>
  dataflow.output %0, %1, %2 : tensor<1x1x2x2xf32>, tensor<1x1x4x4xf32>, tensor<?x?x?x?xf32>
}

// CHECK:      onnx.BatchNormalization_v7
// CHECK-NEXT: onnx.ConvTranspose_v1
// CHECK-NEXT: onnx.Resize_v10
