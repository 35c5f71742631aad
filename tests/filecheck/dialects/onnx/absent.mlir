// RUN: ramiel-opt %s | filecheck %s
// RUN: ramiel-opt %s | ramiel-opt | filecheck %s

// An underscore stands for an optional operand or result that is absent; those absent at the end
// are left out.  The types are those of the values that are there.

dataflow.graph @absent(%x : tensor<2x3xf32>, %max : tensor<f32>, %w : tensor<1x8x3xf32>, %r : tensor<1x8x2xf32>, %s : tensor<2x1x3xf32>) -> (tensor<2x3xf32>, tensor<1x1x2xf32>) {
  %0 = onnx.Clip(%x, _, %max) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %1 = onnx.LSTM(%s, %w, %r, _, _, _, _, _) {hidden_size = 2} : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>) -> (_, tensor<1x1x2xf32>, _)
  dataflow.output %0, %1 : tensor<2x3xf32>, tensor<1x1x2xf32>
}

// CHECK:      %0 = onnx.Clip(%x, _, %max) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT: %1 = onnx.LSTM(%s, %w, %r) {hidden_size = 2} : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>) -> (_, tensor<1x1x2xf32>)
