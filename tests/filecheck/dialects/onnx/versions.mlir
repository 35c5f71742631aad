// RUN: ramiel-opt %s | filecheck %s

// The newest form of an operator has the plain name, an older one the version since which it is;
// operators of another domain have that before the name.

dataflow.graph @slice(%x : tensor<8xf32>, %i : tensor<1xi64>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = onnx.Slice_v1(%x) {starts = [0], ends = [2]} : (tensor<8xf32>) -> tensor<2xf32>
  %1 = onnx.Slice(%x, %i, %i) : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<2xf32>
  %2 = onnx.ai.onnx.ml.Scaler(%1) {scale = [2.0]} : (tensor<2xf32>) -> tensor<2xf32>
  dataflow.output %0, %2 : tensor<2xf32>, tensor<2xf32>
}

// CHECK:      %0 = onnx.Slice_v1(%x) {starts = [0], ends = [2]}
// CHECK-NEXT: %1 = onnx.Slice(%x, %i, %i)
// CHECK-NEXT: %2 = onnx.ai.onnx.ml.Scaler(%1) {scale = [2.0]}
