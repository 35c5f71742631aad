// RUN: ramiel-opt --fuse-affine %s | filecheck %s

// A factor for each column is none for each channel, and a convolution that something else reads too
// is computed anyway.

dataflow.graph @stays(%x : tensor<1x1x2x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) {
  %w = dataflow.constant dense<[[[[3.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  %columns = dataflow.constant dense<[2.0, 1.0]> : tensor<2xf32>
  %number = dataflow.constant dense<2.0> : tensor<f32>
  %0 = onnx.Conv(%x, %w) {group = 1} : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %1 = onnx.Mul(%0, %columns) : (tensor<1x2x2x2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  %2 = onnx.Conv(%x, %w) {group = 1, strides = [1, 1]} : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %3 = onnx.Mul(%2, %number) : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xf32>
  dataflow.output %1, %2, %3 : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>
}

// CHECK:      onnx.Conv
// CHECK-NEXT: onnx.Mul
// CHECK-NEXT: onnx.Conv
// CHECK-NEXT: onnx.Mul
